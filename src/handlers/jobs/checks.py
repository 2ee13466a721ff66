"""What the checks of the smoke test share: how requests are sent, and what an answer has to be."""

from __future__ import annotations

from typing import Final, Protocol

from domain.documents import Json
from domain.errors import ERROR_URN
from domain.messages import LIST_RESPONSE_URN

REPORT: Final = "This is a defect of the service: look at its log for the request."
CHECK_BASE_URL: Final = "Check that the Base URL is Rollcall's."
_IN_FRONT: Final = "Check that nothing in front of the service answers instead of it."


class CheckFailed(Exception):
    """A check failed: `seen` is what was observed, `fix` what to do, `status` the HTTP status that was unexpected."""

    def __init__(self, seen: str, fix: str, status: int | None = None) -> None:
        super().__init__(seen)
        self.seen = seen
        self.fix = fix
        self.status = status


class Transport(Protocol):
    """Sends requests to the service with one Connector Key."""

    def expect(self, status: int, method: str, path: str, body: Json | None = None) -> Json:
        """Send a request and return the JSON object of its answer, {} when it has no body.

        `path` is below the base path and may have a query, percent-encoded. Raises `CheckFailed` when the answer has
        another status or is not a SCIM answer, or when there is none.
        """


def require_scim_error(status: int, answer: Json) -> None:
    """Raise `CheckFailed` unless the answer is a SCIM error of that status (RFC 7644 section 3.12)."""
    if ERROR_URN not in answer.get("schemas", ()) or answer.get("status") != str(status):
        raise CheckFailed(f"{status} without a SCIM error", _IN_FRONT)


def total_results(answer: Json) -> int:
    """totalResults of a ListResponse (RFC 7644 section 3.4.2); raises `CheckFailed` for any other answer."""
    total = answer.get("totalResults")
    if LIST_RESPONSE_URN not in answer.get("schemas", ()) or not isinstance(total, int):
        raise CheckFailed("the answer is not a ListResponse", CHECK_BASE_URL)
    return total
