"""A life of the service in which every function does everything that it has permissions for.

That includes what is left to do after a function died in the middle of a large change of a group's members: the next
function that finds it finishes it (docs/decisions/041).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from unittest.mock import patch as patched

from adapters.secrets.setup_links import SetupLinks
from domain.accounts import rate
from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_to_json
from domain.accounts.deprovisioning import Limit
from handlers.routes import SETUP_PATH
from local.sample_events import events
from support.functions_under_roles import FunctionDied, FunctionsUnderRoles
from support.group_client import GROUP, GroupClient, add, group, remove
from support.people import bulk, patch, replacing, user
from support.resolved_template import STACK
from support.scim_http import ScimClient
from support.wire_requests import REQUESTS, play

_MANY = 40
"""More members than one transaction takes."""


def live(functions: FunctionsUnderRoles) -> None:
    """Live it; what the roles do not allow is in `functions.denied` afterwards."""
    # Every request is counted in the table, as if the account were busy.
    with patched.object(rate, "FREE", 0):
        first_keys(functions)
        functions.invoke("PreTraffic", events()["pre_traffic.codedeploy.json"])
        settings_page(functions)
        set_up_page(functions)
        watch(functions)
        wire_requests(functions)
        users(functions)
        groups(functions)
        after_a_death(functions)
        publish(functions)


def first_keys(functions: FunctionsUnderRoles) -> None:
    """CloudFormation creates the stack, also over the secrets of one that was deleted, and over broken ones."""
    event = events()["seed_default_account.cloudformation.json"]
    secrets = functions.secrets
    name = f"{STACK}/connectors/default"
    with patched("handlers.jobs.seed_default_account.put"):
        for account in ("default", "rollcall-check"):
            functions.invoke("SeedDefaultAccount", event | {"ResourceProperties": {"Account": account}})
        secrets.put_secret_value(SecretId=name, SecretString="no connector")
        functions.invoke("SeedDefaultAccount", event)
        secrets.delete_secret(SecretId=name)
        functions.invoke("SeedDefaultAccount", event)


def set_up_page(functions: FunctionsUnderRoles) -> None:
    """An administrator opens a link, chooses while another person changes the account, and sees the key."""
    account = "invited"
    functions.accounts.enable(account)
    functions.accounts.configure(account, groups=True)
    token, _ = SetupLinks(functions.secrets, f"{STACK}/connectors/", lambda: "test").invite(account)
    headers = {"Authorization": f"Bearer {token.text}", "Content-Type": "application/json"}
    others = iter([partial(functions.accounts.configure, account, groups=False)])

    def after_others(connector: Connector) -> str:
        for change in others:
            change()
        return connector_to_json(connector)

    functions.request("GET", SETUP_PATH, "", {}, b"")
    with patched("adapters.secrets.conditional_change.connector_to_json", after_others):
        for name, body in (("view", b""), ("choose", b'{"idp": "okta"}'), ("reveal", b"")):
            answer = functions.request("POST", f"{SETUP_PATH}/{name}", "", headers, body)
            assert answer["statusCode"] == HTTPStatus.OK, answer


def watch(functions: FunctionsUnderRoles) -> None:
    """An account is heard, and then deleted."""
    schedule = events()["watch.schedule.json"]
    functions.accounts.enable("leaver")
    functions.found_in_logs = [{"account": "leaver", "last": str(time.time() * 1000), "key": "current"}]
    functions.invoke("Watch", schedule)
    functions.found_in_logs = []
    functions.secrets.delete_secret(SecretId=f"{STACK}/connectors/leaver", ForceDeleteWithoutRecovery=True)
    functions.invoke("Watch", schedule)


def wire_requests(functions: FunctionsUnderRoles) -> None:
    """Everything that the identity providers are recorded to send."""
    for request in REQUESTS:
        play(request, functions.new_account(groups=True))


def users(functions: FunctionsUnderRoles) -> None:
    """What no identity provider is recorded to send."""
    client = functions.new_account(match_existing_by_email=True)
    functions.bring_in(client, user("ada"))
    address = [{"value": "ada@example.com", "type": "work", "primary": True}]
    adopted = client.post(user("lovelace", externalId="e-1", emails=address))
    assert adopted.json["userName"] == "lovelace@example.com", adopted
    grace = client.create(user("grace"))
    client.patch(grace["id"], {"op": "replace", "path": "emails", "value": [{"value": "g@example.com"}]})
    client.put(grace["id"], user("hopper"))
    client.find('userName sw "ho"')
    client.find('title eq "none"')
    client.request("GET", "/Users/", "count=1")
    client.request("POST", "/Users/.search", body={"schemas": [], "filter": 'userName eq "hopper"'})
    for lose in (lose_by_patch, lose_by_put, lose_by_adoption, lose_by_delete):
        limited = functions.new_account(match_existing_by_email=True, deprovisioning_limit=Limit(1, 50))
        for number in range(3):
            lose(limited, functions.bring_in(limited, user(f"leaver{number}")))


def lose_by_patch(client: ScimClient, leaver: dict[str, Any]) -> None:
    """A user loses access by PATCH."""
    client.patch(leaver["id"], {"op": "replace", "path": "active", "value": False})


def lose_by_put(client: ScimClient, leaver: dict[str, Any]) -> None:
    """A user loses access by PUT."""
    client.put(leaver["id"], user(leaver["userName"], active=False))


def lose_by_adoption(client: ScimClient, leaver: dict[str, Any]) -> None:
    """A user whom no identity provider had claimed loses access to the one that claims them."""
    client.post(user(leaver["userName"], externalId=leaver["id"], active=False))


def lose_by_delete(client: ScimClient, leaver: dict[str, Any]) -> None:
    """A user loses access by DELETE."""
    client.delete(leaver["id"])


def groups(functions: FunctionsUnderRoles) -> None:
    """A life of groups, large and small, by each function that can see them."""
    client = functions.new_account(groups=True)
    of = GroupClient(client)
    ids = of.new_users(4)
    made = of.create("Guides", *ids[:2], externalId="g-1")
    of.patch(made["id"], add(ids[2]), remove(ids[0]))
    of.patch(made["id"], {"op": "replace", "path": "displayName", "value": "Tour Guides"})
    of.create("Other guides", externalId="g-2")
    of.put(made["id"], group("Guides again", *ids, externalId="g-2"))
    of.read(made["id"])
    for filter_ in (
        'displayName eq "Guides again"',
        'externalId eq "g-2"',
        f'members.value eq "{ids[0]}"',
        'displayName co "u"',
    ):
        of.find(filter_)
    client.find(f'groups.value eq "{made["id"]}"')
    client.get(f"/Users/{ids[0]}", "attributes=groups")
    client.get("/Users", "attributes=groups")
    for path in ("/.search", "/Users/.search", "/Groups/.search"):
        client.request("POST", path, body={"schemas": [], "filter": "displayName pr or userName pr"})
    through_bulk(client, ids)
    through_other_spellings(client, ids)
    client.delete(ids[3])
    of.delete(made["id"])


def through_bulk(client: ScimClient, ids: list[str]) -> None:
    """Groups of any size by POST /Bulk."""
    operations = [
        {"method": "POST", "path": "/Users", "bulkId": "u", "data": user("bulk")},
        {"method": "POST", "path": "/Groups", "bulkId": "g", "data": group("Bulk", "bulkId:u", *ids)},
        {"method": "DELETE", "path": "/Users/bulkId:u"},
        {"method": "DELETE", "path": "/Groups/bulkId:g"},
    ]
    client.request("POST", "/Bulk", body=bulk(*operations))


def through_other_spellings(client: ScimClient, ids: list[str]) -> None:
    """The same by paths that the catch-all serves."""
    made = client.request("POST", "/Groups/", body=group("Spelled", *ids))
    path = f"/Groups/{made.json['id']}/"
    client.request("GET", path)
    client.request("PATCH", path, body={"schemas": [GROUP], "Operations": [remove(ids[0])]})
    client.request("DELETE", path)
    extra = client.request("POST", "/Users/", body=user("spelled"))
    client.request("GET", "/Users/", "filter=title%20pr")
    client.request("DELETE", f"/Users/{extra.json['id']}/")


def joined(functions: FunctionsUnderRoles, client: ScimClient, group_id: str, ids: list[str]) -> str:
    """The address of a user of the application, who is in a group with a change under way."""
    member = functions.bring_in(client, user(f"member-{group_id}"))
    of = GroupClient(client)
    of.put(group_id, group(group_id, member["id"]))
    died(functions, 5, partial(of.patch, group_id, add(*ids)))
    return str(member["userName"])


Finish = Callable[[FunctionsUnderRoles, ScimClient, dict[str, Any], list[str]], Any]
FINISHERS: dict[str, Finish] = {
    "GetUser": lambda functions, client, made, ids: client.get(f"/Users/{ids[0]}", "attributes=groups"),
    "ListUsers": lambda functions, client, made, ids: client.get("/Users", "attributes=groups"),
    "SearchUsers": lambda functions, client, made, ids: client.request(
        "POST", "/Users/.search", body={"schemas": [], "filter": f'groups.value eq "{made["id"]}"'}
    ),
    "PatchUser": lambda functions, client, made, ids: client.request(
        "PATCH", f"/Users/{ids[0]}", "attributes=groups", patch(replacing("title", made["id"]))
    ),
    "ReplaceUser": lambda functions, client, made, ids: client.request(
        "PUT", f"/Users/{ids[0]}", "attributes=groups", user(made["id"])
    ),
    "CreateUser": lambda functions, client, made, ids: client.request(
        "POST", "/Users", "attributes=groups", user(joined(functions, client, made["id"], ids), externalId=made["id"])
    ),
    "ReadGroups": lambda functions, client, made, ids: client.get(f"/Groups/{made['id']}"),
    "ChangeGroups": lambda functions, client, made, ids: GroupClient(client).patch(made["id"], remove(ids[0])),
    "Bulk": lambda functions, client, made, ids: client.request(
        "POST", "/Bulk", body=bulk({"method": "DELETE", "path": f"/Groups/{made['id']}"})
    ),
    "Unrouted": lambda functions, client, made, ids: client.get(f"/Groups/{made['id']}/"),
    "Publisher": lambda functions, client, made, ids: publish(functions),
}
"""How each function comes upon a change of members under way."""


def after_a_death(functions: FunctionsUnderRoles) -> None:
    """Let functions die at various points of a large change, and of removals; others finish what they began."""
    client = functions.new_account(groups=True, match_existing_by_email=True)
    of = GroupClient(client)
    ids = of.new_users(_MANY)
    for number, finish in enumerate(FINISHERS.values()):
        for death in (5, 7):
            made = of.create(f"Large {number} {death}")
            died(functions, death, partial(of.patch, made["id"], add(*ids)))
            finish(functions, client, made, ids)
    leaver = of.new_user("leaver")
    made = of.create("Left", leaver)
    died(functions, 5, partial(of.patch, made["id"], add(*ids)))
    client.delete(leaver)
    for death in range(2, 8):
        leaver, stayer = (of.new_user(f"{name}{death}") for name in ("leaver", "stayer"))
        made, *_ = [of.create(f"Group {number} {death}", leaver, stayer) for number in range(3)]
        died(functions, death, partial(client.delete, leaver))
        died(functions, death, partial(of.delete, made["id"]))
        publish(functions)


def died(functions: FunctionsUnderRoles, calls: int, act: Callable[[], Any]) -> bool:
    """Whether a function died of having made so many calls."""
    functions.calls_until_death = calls
    try:
        act()
    except FunctionDied:
        return True
    finally:
        functions.calls_until_death = None
    return False


def publish(functions: FunctionsUnderRoles) -> None:
    """Hand the news of the table's stream to the publisher."""
    functions.invoke("Publisher", {"Records": functions.news()})


def settings_page(functions: FunctionsUnderRoles) -> None:
    """Press every button of the page."""
    shown = events()["settings_widget.cloudwatch.json"]
    functions.accounts.enable("paged")
    functions.accounts.configure("paged", deprovisioning_limit=Limit(5))
    buttons = ("", "disable", "enable", "groups-on", "groups-off", "rotate", "revoke", "reveal", "resume")
    for action in buttons:
        functions.invoke("SettingsWidget", shown | {"action": action, "account": "paged"})
    functions.secrets.delete_secret(SecretId=f"{STACK}/connectors/paged")
    for account in ("paged", "new"):
        functions.invoke("SettingsWidget", shown | {"action": "enable", "account": account})
