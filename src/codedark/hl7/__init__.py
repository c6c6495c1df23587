"""HL7 v2: MLLP frames, the ER7 encoding, acknowledgments, character sets, batches. Bytes in, bytes out; no effects.

`peek` reads the MSH line and never raises; `parse` reads a whole message and raises Unparsable with the place.
"""

from codedark.hl7.acknowledgment import Verdict, ack, ack_code, application_code
from codedark.hl7.batch import Part, begins_batch, split_batch
from codedark.hl7.charset import Decoded, codec_of, decode
from codedark.hl7.delimiters import NULL, STANDARD, Delimiters, escape, unescape
from codedark.hl7.er7 import Message, Segment, parse
from codedark.hl7.header import UNREADABLE, Peek, peek
from codedark.hl7.mllp import (
    COMMITS,
    COMMITTED,
    DEFAULT_LIMIT,
    NOT_COMMITTED,
    PREFIX_LIMIT,
    Deframer,
    Frame,
    Garbage,
    frame,
)
from codedark.hl7.xml import XML_REFUSED, is_xml, xml_control_id

__all__ = [
    "COMMITS",
    "COMMITTED",
    "DEFAULT_LIMIT",
    "NOT_COMMITTED",
    "NULL",
    "PREFIX_LIMIT",
    "STANDARD",
    "UNREADABLE",
    "XML_REFUSED",
    "Decoded",
    "Deframer",
    "Delimiters",
    "Frame",
    "Garbage",
    "Message",
    "Part",
    "Peek",
    "Segment",
    "Verdict",
    "ack",
    "ack_code",
    "application_code",
    "begins_batch",
    "codec_of",
    "decode",
    "escape",
    "frame",
    "is_xml",
    "parse",
    "peek",
    "split_batch",
    "unescape",
    "xml_control_id",
]
