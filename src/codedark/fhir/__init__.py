"""R4 resources, bundles and NDJSON: bytes in, plain dicts out. Decimals and unknown extensions stay as they came."""

from codedark.fhir.bundles import BundleEntry, bundle_lines, deletion_lines, split_bundle
from codedark.fhir.document import decode, encode, is_id, is_type, one_line, resource
from codedark.fhir.ndjson import read_ndjson
from codedark.fhir.references import Target, parse_reference
from codedark.fhir.release import foreign_release, is_read, release_name

__all__ = [
    "BundleEntry",
    "Target",
    "bundle_lines",
    "decode",
    "deletion_lines",
    "encode",
    "foreign_release",
    "is_id",
    "is_read",
    "is_type",
    "one_line",
    "parse_reference",
    "read_ndjson",
    "release_name",
    "resource",
    "split_bundle",
]
