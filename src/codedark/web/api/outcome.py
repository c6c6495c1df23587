"""What is said when something cannot be answered: OperationOutcome, in words that quote nobody."""

from __future__ import annotations

from typing import Any

from codedark.fhir import encode

Json = dict[str, Any]


class Declined(Exception):
    """A request that gets no resource. `code`: R4 IssueType; `words` never hold anything of the record or request."""

    def __init__(self, status: int, code: str, words: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(words)
        self.status, self.code, self.words, self.headers = status, code, words, headers


def outcome(severity: str, code: str, words: str) -> Json:
    """An OperationOutcome with one issue (R4 4.0.1, operationoutcome.html)."""
    issue = {"severity": severity, "code": code, "diagnostics": words}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def refusal(declined: Declined) -> bytes:
    """The body of a refusal."""
    return encode(outcome("error", declined.code, declined.words))


def lost() -> Declined:
    """There is no such thing; the same words for every reason."""
    return Declined(404, "not-found", "There is no such resource in this record.")


def malformed(words: str) -> Declined:
    """The request itself is wrong."""
    return Declined(400, "invalid", words)
