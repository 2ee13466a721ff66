"""The data of the pages Users and Groups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from itertools import islice
from typing import Final, TypeVar

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table
from adapters.environment import declared_user_type
from domain.accounts.connector_key import InvalidAccountName, account_name
from domain.documents import Json
from domain.errors import ScimError
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.group_schema import GROUP
from domain.resources.stored_group import StoredGroup
from domain.resources.stored_user import StoredUser
from local.exchanges import Exchanges
from local.life_cycle import LifeCycle
from local.pages.site import Address, Call, Data, Refused
from operations.members import primary_email

Read = TypeVar("Read")

MOST_LISTED: Final = 100
_MOST_RELATED: Final = 200
_MOST_TEXT: Final = 200
_SECONDS: Final = 8.0


def resource_data(
    table: Callable[[], Table], base_url: Callable[[], str], exchanges: Exchanges, life_cycle: LifeCycle
) -> Mapping[Address, Data]:
    """The data addresses of users and groups."""

    def account_of(call: Call) -> DynamoDBAccount:
        try:
            name = account_name(call.parameters.get("account", ""))
        except InvalidAccountName as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        return table().account(name, MonotonicDeadline.after(_SECONDS))

    def listed(call: Call) -> Json:
        """The first users or groups, in order of id, whose names or addresses contain a text."""
        account = account_of(call)
        text = call.parameters.get("text", "")[:_MOST_TEXT].casefold()
        stored: Iterable[StoredUser | StoredGroup] = (account.groups if _is_group(call) else account.users).scan()
        lines = (line for one in stored if text in " ".join(map(str, (line := _line(one)).values())).casefold())
        found = _answered(lambda: list(islice(lines, MOST_LISTED + 1)))
        return {"resources": found[:MOST_LISTED], "more": len(found) > MOST_LISTED}

    def one(call: Call) -> Json:
        """A user or group as SCIM shows it, its groups or members, and what is known to have happened to it."""
        account, resource_id = account_of(call), call.parameters.get("id", "")
        history = {
            "requests": [exchange.as_json() for exchange in exchanges.about(resource_id)],
            "events": [event.as_json() for event in life_cycle.events.about(resource_id)],
        }
        found = _answered(lambda: _found(account, resource_id, base_url(), is_group=_is_group(call)))
        if found is None and not any(history.values()):
            raise Refused(HTTPStatus.NOT_FOUND, "The account has no user or group with this id.")
        return (found or {"document": None, "related": [], "relatedMore": False}) | history

    return {("GET", "/data/resources"): listed, ("GET", "/data/resource"): one}


def _is_group(call: Call) -> bool:
    return call.parameters.get("type") == "groups"


def _line(stored: StoredUser | StoredGroup) -> Json:
    """What a list shows."""
    if isinstance(stored, StoredGroup):
        return {"id": stored.id, "name": stored.attributes.get("displayName", ""), "changed": stored.last_modified}
    attributes = stored.attributes
    name = attributes.get("displayName") or attributes.get("name", {}).get("formatted") or ""
    email = primary_email(stored)
    return {
        "id": stored.id,
        "name": attributes["userName"],
        "display": name,
        "email": "" if email == attributes["userName"] else email,
        "active": stored.active,
        "changed": stored.last_modified,
    }


def _found(account: DynamoDBAccount, resource_id: str, base_url: str, *, is_group: bool) -> Json | None:
    stored = (account.groups if is_group else account.users).get_many([resource_id])
    if not stored:
        return None
    kind = GROUP if is_group else declared_user_type()
    text = Renderer(base_url, Projection.of(kind, None, None), kind).text(stored[0])
    ids = [each.id for each in (account.members if is_group else account.groups_of_users).of(resource_id)]
    related = (account.users if is_group else account.groups).get_many(ids[:_MOST_RELATED])
    names = [{"id": each.id, "name": _line(each)["name"]} for each in related]
    return {"document": text, "related": names, "relatedMore": len(ids) > _MOST_RELATED}


def _answered(read: Callable[[], Read]) -> Read:
    """What was read; raises `Refused` when the table does not answer in time."""
    try:
        return read()
    except ScimError as error:
        raise Refused(HTTPStatus.SERVICE_UNAVAILABLE, f"{error.detail} {error.remedy}") from error
