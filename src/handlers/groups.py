"""What the handlers of groups share: without groups in the account's settings there is nothing at /Groups."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from domain import remedies
from domain.errors import NotFound
from domain.resources.group_schema import GROUP, MEMBERS
from handlers.endpoint import Handler, ScimRequest, Serve, endpoint
from handlers.http import HttpResponse

if TYPE_CHECKING:
    from domain.ports import GroupStore, WholeGroup

_MEMBERS: Final = (MEMBERS.name,)


def group_endpoint(operation: str) -> Callable[[Serve], Handler]:
    """Make a Lambda handler of a function that serves groups; an account without groups is answered 404."""

    def handler_of(serve: Serve) -> Handler:
        @wraps(serve)
        def served(request: ScimRequest) -> HttpResponse:
            require_groups(request)
            return serve(request)

        return endpoint(operation, GROUP)(served)

    return handler_of


def require_groups(request: ScimRequest) -> None:
    """Raise NotFound, which says what to do, unless the account's identity provider may manage groups."""
    if not request.caller.settings.groups:
        raise NotFound(
            "Groups are off for this account. Switch group management off in the identity provider: in JumpCloud, "
            'switch off "Enable management of User Groups and Group Membership in this application" and activate '
            "again; in Entra ID, disable the group mapping; in Okta, use neither group push nor group import. "
            f"Or ask the service's operator to switch groups on: {remedies.groups_on(request.caller.account)}.",
            reason="groups-not-provisioned",
            remedy="Switch group management off in the identity provider, or switch groups on for the account "
            f"({remedies.groups_on()}).",
        )


def store_of(request: ScimRequest) -> GroupStore:
    """Return the groups of the request's account."""
    return request.account.groups


def shows_members(request: ScimRequest) -> bool:
    """Return True if the answer shows anything of the members."""
    return bool(request.renderer.wants(_MEMBERS))


def whole_answer(request: ScimRequest, whole: WholeGroup, status: HTTPStatus = HTTPStatus.OK) -> HttpResponse:
    """Return the answer with a group whose members were read with it."""
    if not shows_members(request):
        return request.resource(whole.group, status)
    from domain.ports import Related
    from domain.queries.related import Completed, showable  # most requests about groups show no members

    members = [Related(each) for each in whole.members]
    return request.resource(showable(Completed.of(whole.group, request.renderer, {MEMBERS.name: members})), status)
