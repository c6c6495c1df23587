"""The EHR's FHIR server, asked by us: bulk exports, and who we are to it. What is read goes to whoever asked.

This room reads and keeps nothing: the node puts what it yields through intake, into the journal.
"""

from codedark.ehr.changes import Changes, Follower, Page, Place
from codedark.ehr.credential import Credential, key_set, new_key, public_of
from codedark.ehr.export import Export, ExportFile, ExportJob, ExportRequest, Gathered, Role
from codedark.ehr.manifest import Manifest, ManifestFile, read_manifest
from codedark.ehr.server import EhrServer, check_address
from codedark.ehr.shelf import JobShelf
from codedark.ehr.wire import Answer, HttpWire, Stream, Wire

__all__ = [
    "Answer",
    "Changes",
    "Credential",
    "EhrServer",
    "Export",
    "ExportFile",
    "ExportJob",
    "ExportRequest",
    "Follower",
    "Gathered",
    "HttpWire",
    "JobShelf",
    "Manifest",
    "ManifestFile",
    "Page",
    "Place",
    "Role",
    "Stream",
    "Wire",
    "check_address",
    "key_set",
    "new_key",
    "public_of",
    "read_manifest",
]
