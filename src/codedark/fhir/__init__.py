"""R4 resources, bundles and NDJSON: bytes in, plain dicts out. Decimals and unknown extensions stay as they came."""

from codedark.fhir.bundles import BundleEntry, bundle_lines, split_bundle
from codedark.fhir.document import decode, encode, is_id, is_type, one_line, resource
from codedark.fhir.ndjson import read_ndjson
from codedark.fhir.references import Target, parse_reference

__all__ = [
    "BundleEntry",
    "Target",
    "bundle_lines",
    "decode",
    "encode",
    "is_id",
    "is_type",
    "one_line",
    "parse_reference",
    "read_ndjson",
    "resource",
    "split_bundle",
]
