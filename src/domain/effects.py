"""What a request did to users, for the operator's record beside the answer: counts and ids, nothing of a user."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Effects:
    """Filled while a request is served; one request may change many users (RFC 7644 section 3.7).

    `deactivated` counts users whose `active` became false, `removed` those who were deleted, `refused` the
    deactivations and removals that the account's guard held back; `adopted` are the ids of the users whom an identity
    provider took over.
    """

    deactivated: int = 0
    removed: int = 0
    refused: int = 0
    adopted: list[str] = field(default_factory=list)
