"""Writes the sample events in `events/`: proxy events of requests that identity providers send, and events of other
AWS services (`local.aws_events`).

`python -m local.sample_events` (`make events`) writes all of them; a test compares the files with its output. Use them
with `sam local invoke <Function> --event events/<function>.<sender>.json`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from domain.messages import BULK_REQUEST_URN, PATCH_OP_URN, SEARCH_REQUEST_URN
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.user_schema import CORE_URN
from handlers import routes
from handlers.http import Event, proxy_event
from local import aws_events
from operations.simulation.recorded import recorded_requests

_ROOT: Final = Path(__file__).resolve().parents[2]

EXAMPLE_KEY: Final = "rck_default_ExampleConnectorKeyOpensNothing00mWme1"
"""The Connector Key in the events: well-formed, but no account has it."""

USER_ID: Final = "2819c223-7f76-453a-919d-413861904646"
GROUP_ID: Final = "e9e30dba-f08f-4109-8486-d5c6a331660a"
MANAGER_ID: Final = "902c246b-6245-4190-8e05-00816be7344a"
"""The ids of the users and the group in the events, from the examples of RFC 7643."""

_EXTENDED_REQUEST_ID: Final = "JKJaXmPLvHcESHA="
_STAGE: Final = "live"
_DOMAIN: Final = "abcdef1234.execute-api.eu-central-1.amazonaws.com"
_RECEIVED: Final = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request as its sender sends it, with the status of the right answer."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    expect_status: int

    def event(self) -> Event:
        """The proxy event that API Gateway makes of the request."""
        found = routes.match(self.method, self.path)
        if found is None:
            resource, path_parameters = "/{proxy+}", {"proxy": self.path.lstrip("/")}
        else:
            resource, path_parameters = found.route.path, {} if found.id is None else {"id": found.id}
        return proxy_event(
            self.method,
            routes.BASE_PATH + self.path,
            self.query,
            self.headers.items(),
            b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode(),
            resource=routes.BASE_PATH + resource,
            path_parameters=path_parameters,
            stage=_STAGE,
            domain=_DOMAIN,
            scheme="https",
            path_prefix=f"/{_STAGE}",
            source_ip="203.0.113.10",
            request_id=aws_events.REQUEST_ID,
            extended_request_id=_EXTENDED_REQUEST_ID,
            received=_RECEIVED,
        )


@dataclass(frozen=True, slots=True)
class Example:
    """One file of `events/`: the handler's module, the sender, and the step in the recorded requests."""

    module: str
    sender: str
    step: str
    entry: str | None = None
    """The module of the function, where that serves several routes."""
    has_groups: bool = False
    """True if the account has groups."""

    @property
    def file_name(self) -> str:
        return f"{self.module}.{self.sender}.json"

    @property
    def function(self) -> str:
        """The function's logical id in template.yaml."""
        return routes.function_of(self.entry or self.module)

    def request(self, recorded: Mapping[tuple[str, str], WireRequest]) -> WireRequest:
        return recorded[self.sender, self.step]


EXAMPLES: Final = (
    Example("create_user", "jumpcloud", "provision.02-create"),
    Example("create_user", "entra", "create.01-documented"),
    Example("create_user", "okta", "create.02-post"),
    Example("get_user", "jumpcloud", "activation.03-read-test-user"),
    Example("get_user", "entra", "read.01-by-id"),
    Example("get_user", "okta", "update.01-read-first"),
    Example("list_users", "jumpcloud", "provision.01-lookup-miss"),
    Example("list_users", "entra", "lookup.01-miss"),
    Example("list_users", "okta", "create.01-lookup-miss"),
    Example("search_users", "rfc7644", "search"),
    Example("replace_user", "jumpcloud", "update.01-put-full"),
    Example("replace_user", "okta", "update.02-put-round-trip"),
    Example("patch_user", "entra", "patch.01-legacy-multi"),
    Example("patch_user", "okta", "deactivate.02-patch"),
    Example("delete_user", "jumpcloud", "delete.01"),
    Example("delete_user", "entra", "delete.01"),
    Example("bulk", "rfc7644", "bulk"),
    Example("discovery", "jumpcloud", "activation.13-service-provider-config"),
    Example("discovery", "entra", "test.04-schemas"),
    Example("list_groups", "jumpcloud", "activation.09-groups-list", "read_groups"),
    Example("list_groups", "entra", "test.03-groups", "read_groups"),
    Example("list_groups", "okta", "setup.02-test-credentials-groups", "read_groups"),
    Example("get_group", "entra", "group-read", "read_groups", has_groups=True),
    Example("search_groups", "rfc7644", "search-groups", "read_groups", has_groups=True),
    Example("create_group", "jumpcloud", "activation.10-groups-create", "change_groups"),
    Example("create_group", "okta", "group-push", "change_groups", has_groups=True),
    Example("patch_group", "entra", "group-add-member", "change_groups", has_groups=True),
    Example("replace_group", "okta", "group-replace", "change_groups", has_groups=True),
    Example("delete_group", "entra", "group-delete", "change_groups", has_groups=True),
    Example("unrouted", "rfc7644", "me"),
)


def example_requests() -> dict[tuple[str, str], WireRequest]:
    """The recorded requests by sender and step, with some about groups, and some of RFC 7644 that no provider sends."""
    rows = [*map(asdict, recorded_requests()), *_OF_THE_RFC, *_ABOUT_GROUPS]
    return {(row["idp"], row["step"]): _wire_request(row) for row in rows}


_SETUP_PAGE: Final = proxy_event(
    "GET",
    routes.SETUP_PATH,
    "",
    [("Accept", "text/html")],
    b"",
    resource=routes.SETUP_PATH,
    path_parameters=None,
    stage=_STAGE,
    domain=_DOMAIN,
    scheme="https",
    path_prefix=f"/{_STAGE}",
    source_ip="203.0.113.10",
    request_id=aws_events.REQUEST_ID,
    extended_request_id=_EXTENDED_REQUEST_ID,
    received=_RECEIVED,
)
"""A browser that opens a set-up link: the token is not in the request."""


def events() -> dict[str, Event]:
    """All events by file name."""
    recorded = example_requests()
    made = {example.file_name: example.request(recorded).event() for example in EXAMPLES}
    return {
        **made,
        "pre_traffic.codedeploy.json": aws_events.RELEASE,
        "publisher.stream.json": aws_events.new_user(USER_ID),
        "publisher.stream-of-groups.json": aws_events.joined_group(USER_ID),
        "seed_default_account.cloudformation.json": aws_events.STACK_CREATION,
        "serve_setup_page.browser.json": _SETUP_PAGE,
        "settings_widget.cloudwatch.json": aws_events.PAGE_VIEW,
        "watch.schedule.json": aws_events.HOUR,
    }


def as_text(event: Event) -> str:
    """The content of the event's file."""
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write all events and remove files of former ones."""
    directory = _ROOT / "events"
    directory.mkdir(exist_ok=True)
    made = events()
    for stale in directory.glob("*.json"):
        if stale.name not in made:
            stale.unlink()
    for name, event in made.items():
        (directory / name).write_text(as_text(event), encoding="utf-8")
    print(f"{len(made)} events are in {directory}")


def _wire_request(row: Mapping[str, Any]) -> WireRequest:
    # Paths, queries, header values and bodies contain placeholders.
    text = json.dumps({name: row[name] for name in ("method", "path", "query", "headers", "body", "expect_status")})
    for placeholder, value in {
        "{token}": EXAMPLE_KEY,
        "{id}": USER_ID,
        "{groupId}": GROUP_ID,
        "{managerId}": MANAGER_ID,
    }.items():
        text = text.replace(placeholder, value)
    return WireRequest(**json.loads(text))


def _about(idp: str, step: str, line: str, status: int, body: Any = None) -> dict[str, Any]:
    """A row like those that were recorded; `line` is method and address."""
    method, _, address = line.partition(" ")
    path, _, query = address.partition("?")
    return {
        "idp": idp,
        "step": step,
        "method": method,
        "path": path,
        "query": query,
        "headers": _HEADERS,
        "body": body,
        "expect_status": status,
    }


_HEADERS: Final = {"Authorization": "Bearer {token}", "Content-Type": "application/scim+json"}
_OF_THE_RFC: Final = (
    {
        "idp": "rfc7644",
        "step": "search",
        "method": "POST",
        "path": "/Users/.search",
        "query": "",
        "headers": _HEADERS,
        "body": {
            "schemas": [SEARCH_REQUEST_URN],
            "attributes": ["displayName", "userName"],
            "filter": 'userName eq "bjensen@example.com"',
            "startIndex": 1,
            "count": 10,
        },
        "expect_status": 200,
    },
    {
        "idp": "rfc7644",
        "step": "bulk",
        "method": "POST",
        "path": "/Bulk",
        "query": "",
        "headers": _HEADERS,
        "body": {
            "schemas": [BULK_REQUEST_URN],
            "failOnErrors": 1,
            "Operations": [
                {
                    "method": "POST",
                    "path": "/Users",
                    "bulkId": "qwerty",
                    "data": {
                        "schemas": [CORE_URN],
                        "userName": "alice@example.com",
                        "emails": [{"value": "alice@example.com", "type": "work", "primary": True}],
                    },
                }
            ],
        },
        "expect_status": 200,
    },
)
_MEMBER: Final = {"value": "{id}", "display": "bjensen@example.com"}
_ABOUT_GROUPS: Final = (
    _about("rfc7644", "me", "GET /Me", 501),
    _about("entra", "group-read", "GET /Groups/{groupId}?excludedAttributes=members", 200),
    _about(
        "rfc7644",
        "search-groups",
        "POST /Groups/.search",
        200,
        {"schemas": [SEARCH_REQUEST_URN], "attributes": ["displayName"], "filter": 'members.value eq "{id}"'},
    ),
    _about(
        "okta",
        "group-push",
        "POST /Groups",
        201,
        {"schemas": [GROUP_URN], "displayName": "Tour Guides", "members": [_MEMBER]},
    ),
    _about(
        "entra",
        "group-add-member",
        "PATCH /Groups/{groupId}",
        204,
        {
            "schemas": [PATCH_OP_URN],
            "Operations": [{"op": "Add", "path": "members", "value": [{"$ref": None, "value": "{id}"}]}],
        },
    ),
    _about(
        "okta",
        "group-replace",
        "PUT /Groups/{groupId}",
        200,
        {"schemas": [GROUP_URN], "displayName": "Tour Guides", "members": [_MEMBER]},
    ),
    _about("entra", "group-delete", "DELETE /Groups/{groupId}", 204),
)
"""As `docs/entra-id.md` and `docs/okta.md` describe them; for an account with groups."""


if __name__ == "__main__":
    main()
