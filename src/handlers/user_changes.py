"""The common part of the functions that change users.

It is separate from `endpoint` because it imports pydantic_core, which reading should not load at a cold start
(docs/decisions/001), and which these functions should load at init, not during the first request.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

import adapters.dynamodb.guard  # noqa: F401 - a first request should not wait for it
from adapters import clock
from adapters.environment import declared_user_type
from adapters.logs import telemetry
from domain.changes.users import Users, end_memberships
from domain.errors import ScimError
from domain.resources.validation import validator_of
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest
from handlers.http import HttpResponse

if TYPE_CHECKING:
    from domain.resources.stored_user import StoredUser

validator_of(declared_user_type())  # made while the function starts: a first request should not wait for it


def users_of(request: ScimRequest) -> Users:
    """The operations on the users of the request's account."""
    settings = request.caller.settings
    limit = settings.deprovisioning_limit
    return Users(
        request.account.users,
        request.deadline,
        clock.now,
        clock.new_id,
        reader_for(request.user_type, tolerant=settings.is_tolerant, noted=request.noted, unknown=request.unknown),
        request.record.effects,
        guard=None if limit is None else request.account.guard(limit),
        adopts=settings.match_existing_by_email,
        keeps_privileges=settings.adopted_keep_privileges,
        takes_back=settings.takes_back,
        on_deleted=partial(_leave_groups, request)
        if settings.groups or not request.service.has_publisher
        else _no_groups,
    )


def created(request: ScimRequest) -> HttpResponse:
    """Create the user of the body and return the answer with it."""
    _ = request.renderer  # wrong parameters are refused before anything is written
    user = users_of(request).create(request.body())
    if request.caller.settings.groups and user.version > 1:  # there before, so it may be in groups
        from handlers.relations import with_groups  # accounts without groups need none of it

        return request.resource(with_groups(request, user), HTTPStatus.CREATED)
    return request.resource(user, HTTPStatus.CREATED)


def changed(request: ScimRequest, change: Callable[[Users], StoredUser]) -> HttpResponse:
    """Change the user of the path and return the answer with it.

    Whatever the answer needs besides is read first: an error after the change would deny it.
    """
    _ = request.renderer
    if not request.caller.settings.groups:
        return request.resource(change(users_of(request)))
    from handlers.relations import groups_to_show  # accounts without groups need none of it

    with_groups = groups_to_show(request)
    return request.resource(with_groups(change(users_of(request))))


def _leave_groups(request: ScimRequest, user_id: str) -> None:
    """End the memberships of a user who was deleted; what fails or finds no time, the publisher does."""
    from handlers.groups import store_of  # accounts without groups need none of its modules

    failed = end_memberships(store_of(request), user_id)
    if failed is not None and not isinstance(failed, ScimError):
        request.record.cause = telemetry.place_of(failed)


def _no_groups(user_id: str) -> None:
    pass
