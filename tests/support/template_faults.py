"""Faults of the templates, one at a time, and the check that finds each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from support.emulated_stack import Change
from support.stack_template import Document

Documents = dict[str, Document]


@dataclass(frozen=True)
class Fault:
    """A fault, and the check of `wires`, `stack_probe` or `test_faults` that finds it."""

    what: str
    found_by: str
    change: Change
    finding: str = ""
    """How the finding begins, where that is not `found_by`."""


def _properties(documents: Documents, name: str) -> Any:
    return next(one["Resources"][name]["Properties"] for one in documents.values() if name in one["Resources"])


def _variables(documents: Documents, function: str) -> Any:
    return _properties(documents, function)["Environment"]["Variables"]


def _swap_integration(documents: Documents) -> None:
    paths = _properties(documents, "Api")["Body"]["paths"]
    paths["/scim/v2/Users"]["get"] = paths["/scim/v2/Users/{id}"]["get"]


def _remove(name: str) -> Change:
    def change(documents: Documents) -> None:
        for document in documents.values():
            document["Resources"].pop(name, None)

    return change


def _set(name: str, key: str, value: Any) -> Change:
    return lambda documents: _properties(documents, name).update({key: value})


def _variable(function: str, name: str, value: Any) -> Change:
    return lambda documents: _variables(documents, function).update({name: value})


def _filter(without: str) -> Change:
    def change(documents: Documents) -> None:
        [one] = _properties(documents, "PublisherStream")["FilterCriteria"]["Filters"]
        one["Pattern"] = one["Pattern"].replace(without, "#NONE")

    return change


def _routes(documents: Documents) -> None:
    paths = _properties(documents, "Api")["Body"]["paths"]
    for path in [path for path in paths if path.endswith("{proxy+}")]:
        del paths[path]


def _rule(documents: Documents) -> None:
    [target] = _properties(documents, "WatchHourly")["Targets"]
    target["Arn"]["Fn::GetAtt"][0] = "SettingsWidget"


def _without_variable(function: str, name: str) -> Change:
    return lambda documents: _variables(documents, function).pop(name)


def _nested(parameter: str, value: str) -> Change:
    return lambda documents: _properties(documents, "Observability")["Parameters"].update({parameter: value})


def _alias(documents: Documents) -> None:
    aliases = [_properties(documents, name) for name in ("GetUserAliaslive", "ListUsersAliaslive")]
    aliases[0]["FunctionVersion"] = aliases[1]["FunctionVersion"]


def _permission(role: str, action: str) -> Change:
    def change(documents: Documents) -> None:
        for policy in _properties(documents, role)["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                if isinstance(statement.get("Action"), list) and action in statement["Action"]:
                    statement["Action"].remove(action)

    return change


def _leading_keys(documents: Documents) -> None:
    statements = _properties(documents, "MembershipsPolicy")["PolicyDocument"]["Statement"]
    for statement in statements:
        statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"].remove("*#GROUPJOB")


def _output(name: str, value: Any) -> Change:
    return lambda documents: documents[""]["Outputs"][name].update({"Value": value})


def _trust(documents: Documents) -> None:
    [trust] = _properties(documents, "PublisherRole")["AssumeRolePolicyDocument"]["Statement"]
    trust["Principal"] = {"Service": "events.amazonaws.com"}


_NONE: Final = "events: of the user [], of the group []"
FAULTS: Final = (
    Fault("`GET /Users` is integrated with the function GetUser", "wires", _swap_integration),
    Fault("the API may not invoke GetUser", "wires", _remove("GetUserGetPermissionlive")),
    Fault("the alias of GetUser shows a version of ListUsers", "wires", _alias),
    Fault("the hourly rule may not invoke the watch", "wires", _remove("WatchHourlyPermission")),
    Fault("the hourly rule invokes the settings page", "wires", _rule),
    Fault("Lambda may not assume the publisher's role", "wires", _trust),
    Fault("functions that change users may not put items", "roles", _permission("WriteUsersRole", "dynamodb:PutItem")),
    Fault("no role may read a change of members under way", "roles", _leading_keys),
    Fault("the release check may not read its key", "roles", _set("PreTrafficRole", "Policies", [])),
    Fault("the output EventBusName names no bus", "outputs", _output("EventBusName", "other")),
    Fault("the output ConnectorSecretArn names no secret", "outputs", _output("ConnectorSecretArn", "other")),
    Fault(
        "Discovery looks for keys under another prefix",
        "first keys",
        _variable("Discovery", "CONNECTOR_SECRET_PREFIX", "other/"),
    ),
    Fault("no first key is made", "first keys", _remove("FirstConnectorKey")),
    Fault(
        "the key of the release check is made for another account",
        "first keys",
        _set("ReleaseCheckKey", "Account", "default"),
    ),
    Fault("what no function serves has no route", "lives", _routes),
    Fault(
        "DeleteUser has a handler that is not there", "lives", _set("DeleteUser", "Handler", "handlers.none.handler")
    ),
    Fault(
        "PatchUser has the name of another table",
        "lives: PATCH of a user",
        _variable("PatchUser", "TABLE_NAME", "other"),
    ),
    Fault(
        "ReadGroups has the name of another table",
        "lives: GET of a group",
        _variable("ReadGroups", "TABLE_NAME", "other"),
    ),
    Fault("the table's stream is connected with nothing", "events: none", _remove("PublisherStream"), _NONE),
    Fault(
        "the publisher has the name of another bus",
        "events: none",
        _variable("Publisher", "EVENT_BUS_NAME", "other"),
        _NONE,
    ),
    Fault(
        "the stream's filter lets no user through",
        "events: none of the user",
        _filter("#USER"),
        "events: of the user [], of the group ['GroupProvisioned', ",
    ),
    Fault(
        "the stream's filter lets no group through",
        "events: none of the group",
        _filter("#GROUP"),
        "events: of the user ['UserProvisioned', ",
    ),
    Fault("the nested stack gets another base URL", "settings page", _nested("BaseUrl", "https://other.example")),
    Fault("the watch does not get the name of the log", "watch", _without_variable("Watch", "LOG_GROUPS")),
)
