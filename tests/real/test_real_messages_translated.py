"""Every message of the corpora translated whole is valid FHIR R4, and no two resources have one id."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import fhirkit
from meanings import ORIGIN, SITE
from shuffles import corpus_messages

from codedark.entries import translate_received
from codedark.fhir import encode

UNSAID = ("Encounter", "ServiceRequest", "MedicationRequest", "Condition", "DocumentReference")
"""What R4 wants of these (status, class, subject, content) and some messages do not say is not invented."""
EVERY = bool(os.environ.get("CODEDARK_REAL"))
"""All messages, or every 4th."""
CORPORA = ("hl7v2-linuxforhealth", "hl7v2-microsoft-fhir-converter", "hl7v2-hapi", "hl7v2-mirth-connect")


def test_translations_of_real_messages_are_valid_where_the_message_says_what_r4_wants(shared_data: Path) -> None:
    invalid: Counter[str] = Counter()
    count, step = 0, 1 if EVERY else 4
    if not EVERY:
        print("!!! every 4th message of each corpus: all of them with CODEDARK_REAL=1, as script/soak does !!!")
    for corpus in CORPORA:
        for raw in corpus_messages(shared_data / corpus)[::step]:
            for bundle in translate_received(raw, SITE, ORIGIN, 7).bundles:
                resources = [entry["resource"] for entry in bundle["entry"]]
                assert len({(each["resourceType"], each["id"]) for each in resources}) == len(resources)
                count += len(resources)
                for each in resources:
                    errors = [issue for issue in fhirkit.validate(encode(each)) if issue.severity == "error"]
                    invalid.update([each["resourceType"]] if errors else [])
    print(f"{count} resources, invalid: {dict(invalid)}")
    assert set(invalid) <= set(UNSAID)
    assert sum(invalid.values()) < count / 100
