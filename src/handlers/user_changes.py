"""What the functions that change users share beside the endpoint.

Apart from it because a body is checked with pydantic, whose import reading should not pay for at a cold start
(docs/decisions/001), and because those that need it should import it at init, not while the first request waits.
"""

from __future__ import annotations

from adapters import clock
from domain.changes.users import Users
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest


def users_of(request: ScimRequest) -> Users:
    """What can be done to the users of the request's account."""
    settings = request.caller.settings
    limit = settings.deprovisioning_limit
    return Users(
        request.account.users,
        request.deadline,
        clock.now,
        clock.new_id,
        reader_for(tolerant=settings.is_tolerant, noted=request.noted),
        request.record.effects,
        guard=None if limit is None else request.account.guard(limit),
        adopts=settings.match_existing_by_email,
        keeps_privileges=settings.adopted_keep_privileges,
        takes_back=settings.takes_back,
    )
