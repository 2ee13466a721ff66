"""The common part of the handlers that change groups."""

from __future__ import annotations

from adapters import clock
from domain.changes.groups import Groups
from domain.resources.group_schema import GROUP
from domain.resources.validation import validator_of
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest
from handlers.groups import store_of

validator_of(GROUP)  # made while the function starts: a first request should not wait for it


def groups_of(request: ScimRequest) -> Groups:
    """The operations on the groups of the request's account."""
    return Groups(
        store_of(request),
        request.deadline,
        clock.now,
        clock.new_id,
        reader_for(GROUP, tolerant=request.caller.settings.is_tolerant, noted=request.noted, unknown=request.unknown),
        request.record.effects,
    )
