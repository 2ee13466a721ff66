"""The expanded template against the one before it was cut in two: every difference is listed here by name.

`tests/data/template-before.json` has the template before, in short (`support.template_summary`). Both go when the first
deployment of the new cut is through.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from support.repository import ROOT
from support.stack_template import template
from support.template_summary import Summary, summary

BEFORE: Summary = json.loads((ROOT / "tests" / "data" / "template-before.json").read_text(encoding="utf-8"))

API = {
    *("CreateUser", "GetUser", "ListUsers", "SearchUsers", "ReplaceUser", "PatchUser", "DeleteUser"),
    *("Bulk", "Discovery", "Unrouted"),
}
JOBS = {"PreTraffic", "Publisher", "SeedDefaultAccount", "SettingsWidget", "Watch"}
WINDOWS = ("Day", "FiveMinutes", "Hour", "TwoHours")
ROLES = {f"{name}Role" for name in API | JOBS} | {"ApiGatewayLogsRole", "ShiftTrafficRole"}

MOVED_HANDLERS = {f"{name}.Handler" for name in JOBS}
"""Modules have moved into rooms by audience."""
NO_LAYER = {f"{name}.{key}" for name in API | JOBS for key in ("Layers", "$AWS_LAMBDA_EXEC_WRAPPER")}
"""The parameter AdotLayerArn is gone (decision 034)."""
NO_SNAPSHOTS = {f"{name}.SnapStart" for name in API}
"""The parameter SnapStart is gone (decision 034)."""
NO_BOUNDARY = {f"{name}.PermissionsBoundary" for name in ROLES}
"""The parameter PermissionsBoundaryArn is gone (decision 034)."""

ONE_LOG = {f"{name}Log" for name in API}
"""Log groups in whose place is RequestsLog."""
QUERIES = {
    *("ByAccount", "Conflicts", "Crashes", "Deactivations", "Failures", "OneUser", "PreviousKey", "RejectedKeys"),
    *("ServerErrors", "SlowRequests", "Tolerances"),
}
READ_ONE_LOG = (
    {f"{name}.LoggingConfig" for name in API}
    | {f"{name}Query.LogGroupNames" for name in QUERIES}
    | {"SettingsWidget.$LOG_GROUPS", "Watch.$LOG_GROUPS", "SettingsWidgetRole.Policies", "WatchRole.Policies"}
    | {"CrashesQuery.QueryString"}  # @logStream, which has the function's name, for @log
    | {"ServeRequestsPolicy.PolicyDocument"}  # writes the log, which each role did
)
SHARED_ROLES = {f"{name}Role" for name in API} - {"DeleteUserRole", "DiscoveryRole", "UnroutedRole"}
"""Roles in whose place are ReadUserRole, QueryUsersRole and WriteUsersRole, one for each set of permissions."""
OTHER_ROLES = {f"{name.removesuffix('Role')}.Role" for name in SHARED_ROLES} | {
    f"{name}Role.Policies" for name in ("DeleteUser", "Discovery", "Unrouted")
}
SHARED_ALARMS = {f"{name}{kind}" for name in API for kind in ("Errors", "Throttles")}
"""Alarms in whose place are FunctionErrors and FunctionThrottles."""
ROLLED_BACK_BY_ONE_ALARM = {f"{name}DeploymentGroup.AlarmConfiguration" for name in API}

CANNOT_OCCUR = {
    *("AUTHORIZER_CONFIGURATION_ERROR", "AUTHORIZER_FAILURE", "BAD_REQUEST_BODY", "BAD_REQUEST_PARAMETERS"),
    *("EXPIRED_TOKEN", "INVALID_API_KEY", "INVALID_SIGNATURE", "QUOTA_EXCEEDED", "RESOURCE_NOT_FOUND"),
    *("UNAUTHORIZED", "UNSUPPORTED_MEDIA_TYPE"),
}
"""Answers of a gateway with an authorizer, API keys, a usage plan, validators or a path that leads nowhere."""
GATEWAY = {f"Api.{name}" for name in CANNOT_OCCUR | {"INTEGRATION_FAILURE"}} | {  # which DEFAULT_5XX answers alike
    *("Api.API_CONFIGURATION_ERROR", "Api.DEFAULT_5XX"),  # reworded
}
NESTED_STACK = (
    {f"Watch.{name}" for name in ("$BASE_URL", "$LOG_PERSONAL_DATA")}
    | {f"SettingsWidget.{name}" for name in ("$BASE_URL", "$LOG_PERSONAL_DATA", "$POWERTOOLS_LOG_LEVEL")}
    | {f"{kind}Of{time}.Metrics" for kind in ("Availability", "Latency") for time in WINDOWS}  # stage `live` by name
    | {"EventsUndelivered.Dimensions"}  # empty without the queue, as the alarm is not there either
)
"""Variables that these functions do not read, and values that are parameters now."""
NOT_READ = {f"{name}.$POWERTOOLS_METRICS_NAMESPACE" for name in API | JOBS}
"""A variable that no code reads since Powertools writes no metrics."""
DASHBOARD = {"Dashboard.DashboardBody"}
"""Lists shared alarms and the one log; names the file that its prices are in."""
GROUPS = {"PublisherStream.FilterCriteria"}
"""The publisher gets the items of groups, too."""
RENAMED = {
    *("AlarmKey.Condition", "WebAcl.Condition"),  # CreatesAlarmKey, CreatesWebAcl
    "WebAcl.Rules",  # RateLimitPerIp
    "ApiliveStage.MethodSettings",  # parameter BurstLimit
}

REMOVED = ONE_LOG | SHARED_ROLES | SHARED_ALARMS | {"GivenWebAclOfApi", "WebAclOfApi"}
ADDED = {
    *("RequestsLog", "ReadUserRole", "QueryUsersRole", "WriteUsersRole", "FunctionErrors", "FunctionThrottles"),
    *("ExistingWebAclAssociation", "WebAclAssociation"),
}
CHANGED = (
    (MOVED_HANDLERS | NO_LAYER | NO_SNAPSHOTS | NO_BOUNDARY | READ_ONE_LOG | OTHER_ROLES | ROLLED_BACK_BY_ONE_ALARM)
    | (GATEWAY | NESTED_STACK | NOT_READ | DASHBOARD | GROUPS | RENAMED)
) - {f"{name}.PermissionsBoundary" for name in SHARED_ROLES}

WRITES_A_LOG = ("logs:CreateLogStream", "logs:PutLogEvents")
TAKEN = {f"{name}: {action} on {name}Log.Arn" for name in API for action in WRITES_A_LOG} | {
    f"{reader}: logs:StartQuery on {log}.Arn" for reader in ("SettingsWidget", "Watch") for log in ONE_LOG
}
GIVEN = {f"{name}: {action} on RequestsLog.Arn" for name in API for action in WRITES_A_LOG} | {
    f"{reader}: logs:StartQuery on RequestsLog.Arn" for reader in ("SettingsWidget", "Watch")
}


def changed(before: dict[str, Any], after: dict[str, Any]) -> Iterator[str]:
    """The properties that differ, as `Resource.Property`."""
    for name in before.keys() & after.keys():
        for key in before[name].keys() | after[name].keys():
            if before[name].get(key) != after[name].get(key):
                yield f"{name}.{key}"


def allowed(found: Summary) -> set[str]:
    """The permissions of each function, as `Function: action on resource`."""
    return {f"{name}: {permission}" for permission, names in found["permissions"].items() for name in names}


def test_resources_are_those_of_before_except_where_a_difference_is_listed() -> None:
    before, after = BEFORE["resources"], summary(template())["resources"]

    assert before.keys() - after.keys() == REMOVED
    assert after.keys() - before.keys() == ADDED
    assert set(changed(before, after)) == CHANGED


def test_functions_may_do_what_they_might_before_except_where_a_difference_is_listed() -> None:
    before, after = allowed(BEFORE), allowed(summary(template()))

    assert before - after == TAKEN
    assert after - before == GIVEN
