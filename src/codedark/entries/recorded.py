"""What people entered, as facts: FHIR R4 resources that already speak in the record's own ids.

A person's word on a resource that exists changes only the fields it names (PATCH), ranked by when the node kept it; a
resource without an id is a new one, named by its place in the journal.
"""

from __future__ import annotations

from codedark.entries.facts import Fact, Interpretation, Op, Problem, Site, Standing, Understood, rank
from codedark.entries.identity import place_id
from codedark.entries.imports import is_vital, patient_of, topic_of
from codedark.entries.payloads import FactsRecorded
from codedark.errors import Unparsable
from codedark.fhir import decode, is_id, is_type


def interpret_recorded(
    said: FactsRecorded, site: Site, origin: bytes, position: int, recorded_at_us: int
) -> Interpretation:
    """The facts of one `facts.recorded`. A resource that cannot be read is a problem and costs only itself."""
    facts: list[Fact] = []
    problems: list[Problem] = []
    topics: set[str] = set()
    for number, text in enumerate(said.resources):
        path = f"resource {number}"
        try:
            fact = _fact(text, path, site, origin, position, recorded_at_us)
        except (Unparsable, RecursionError) as error:
            reason = str(error) if isinstance(error, Unparsable) else "nested too deep"
            problems.append(Problem(path, reason, "The text is kept; enter it again."))
            continue
        facts.append(fact)
        topic = ("vitals" if is_vital(fact.body) else "results") if fact.type == "Observation" else topic_of(fact.type)
        topics |= {topic} if topic else set()
    understood = Understood.PART if problems else Understood.FULL
    return Interpretation(
        tuple(facts), tuple(problems), understood if facts else Understood.KEPT, "FHIR recorded", frozenset(topics),
        via=f"device:{said.device}" if said.device else "",
    )  # fmt: skip


def _fact(text: str, path: str, site: Site, origin: bytes, position: int, at_us: int) -> Fact:
    body = decode(text.encode("utf-8", "replace"))
    if not isinstance(body, dict) or not is_type(body.get("resourceType")):
        raise Unparsable("no resourceType")
    kind, given = body.pop("resourceType"), body.pop("id", None)
    if given is not None and not is_id(given):
        raise Unparsable("id is not an R4 id")
    own = given or place_id(site.facility, kind, origin, position, path)
    ranked = rank(Standing.PLAIN, at_us, 0, path)
    patient = own if kind == "Patient" else patient_of(body)
    return Fact(path, Op.PATCH if given else Op.PUT, kind, own, patient, body, ranked, at_us)
