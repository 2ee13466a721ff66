"""Why an answer is wrong, and what to do, for a person."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from domain import remedies
from operations.simulation.wire import Answer, media_type

_REMEDIES: Final = {
    401: f"Use the account's current key: {remedies.show_account(reveal=True)}.",
    403: f"Switch SCIM on ({remedies.enable_account()}), or end the pause ({remedies.resume()}).",
    404: "Check that the Base URL is complete: it ends with /scim/v2.",
    409: "Another user has the value: delete that user, or start another run.",
    429: f"The account sends more requests than its limit allows. To raise the limit: {remedies.raise_rate()}.",
}
_NOT_SCIM: Final = "Check the Base URL, and check that nothing in front of the service answers instead of it."
_LOOK: Final = f"Look at the request in the log: {remedies.ACTIVITY} --failed."
_SHOWN: Final = 300
_SCIM: Final = frozenset({"application/scim+json", "application/json"})


def explained(answer: Answer, expected: tuple[int, ...]) -> tuple[str, str]:
    """The reason and the remedy of an answer whose status, media type or error is wrong; two empty texts if none is."""
    kind = media_type(answer)
    if answer.status not in expected:
        return _of_the_status(answer, kind)
    if answer.content and kind not in _SCIM:
        return f"the answer is {kind}, not SCIM", _NOT_SCIM
    if answer.status >= HTTPStatus.BAD_REQUEST and not answer.is_scim_error:
        return "the error does not have the form of a SCIM error", _NOT_SCIM
    if answer.status == HTTPStatus.CONFLICT and answer.json.get("scimType") != "uniqueness":
        return "the conflict does not have the scimType uniqueness", _LOOK
    if answer.content and not answer.json:
        return "the answer is not a JSON object", _NOT_SCIM
    return "", ""


def _of_the_status(answer: Answer, kind: str) -> tuple[str, str]:
    seen = str(answer.status)
    if HTTPStatus.MULTIPLE_CHOICES <= answer.status < HTTPStatus.BAD_REQUEST:
        place = answer.headers.get("location", "")[:_SHOWN]
        return f"{seen}: a redirection to {place or 'nowhere'}", (
            "Use the address that the redirection leads to, without a slash at its end: identity providers do not "
            "follow redirections."
        )
    if answer.status >= HTTPStatus.BAD_REQUEST and not answer.is_scim_error:
        return f"{seen} without a SCIM error ({kind})", _NOT_SCIM
    error = answer.json
    named = f" {error['scimType']}" if isinstance(error.get("scimType"), str) else ""
    detail = error.get("detail")
    reason = f"{seen}{named}: {detail[:_SHOWN]}" if isinstance(detail, str) and named + detail else seen
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return reason, "Look at the service's alarms and log for this request."
    return reason, _REMEDIES.get(answer.status, _LOOK)
