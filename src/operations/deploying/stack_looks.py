"""Looks at the stack that is deployed to, and at what an earlier one left."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

import boto3

from operations.deploying.leftovers import Leftovers, left_log_groups, left_secrets, left_tables
from operations.deploying.looks import Looked, Place, attempt
from operations.deploying.stacks import described_stack, is_failed_first, is_rollcall, is_updatable, remedy_for

_KINDS: Final[Mapping[str, Callable[[boto3.Session, str], Leftovers]]] = {
    "secretsmanager:ListSecrets": left_secrets,
    "dynamodb:ListTables": left_tables,
    "logs:DescribeLogGroups": left_log_groups,
}
"""By the permission that it takes, what finds one kind of what is left."""
_ROLLS_BACK: Final = ("ReleaseErrorsAlarm", "FunctionErrors", "GroupFunctionErrors")
"""The alarms of template.yaml that stop a gradual release."""


def state(place: Place) -> Iterator[Looked]:
    """Whether the stack can be deployed to; notes it in `place`."""
    name = place.settings.stack_name
    place.stack = described_stack(place.client("cloudformation"), name)
    place.stack_known = True
    if place.stack is None:
        yield Looked("Stack", "ok", f"{name} will be created")
        return
    status = place.stack["StackStatus"]
    if (is_updatable(place.stack) or is_failed_first(place.stack)) and not is_rollcall(place.stack):
        remedy = "Choose another stack_name in samconfig.toml."
        yield Looked("Stack", "stop", f"{name} exists, but is not a Rollcall stack ({status})", remedy)
    elif is_failed_first(place.stack):
        seen = (
            f"{name} is left over from a failed first deployment ({status}); make deploy deletes it and creates it "
            "again"
        )
        yield Looked("Stack", "note", seen, f"Its events show why: {_events(place)}")
    elif not is_updatable(place.stack):
        yield Looked("Stack", "stop", f"{name} is in state {status}", remedy_for(status, name, place.region or ""))
    else:
        yield Looked("Stack", "ok", f"{name} will be updated ({status})")


def _events(place: Place) -> str:
    return (
        f"aws cloudformation describe-stack-events --stack-name {place.settings.stack_name} --region {place.region} "
        "--query \"StackEvents[?contains(ResourceStatus,'FAILED')].[LogicalResourceId,ResourceStatusReason]\""
    )


def other_stacks(place: Place) -> Iterator[Looked]:
    """The stacks of other sections that are here too: meant where a section was not named."""
    client = place.client("cloudformation")
    others = {name: stack for name, stack in place.settings.stacks.items() if name != place.settings.section}
    for section, name in others.items():
        if name != place.settings.stack_name and described_stack(client, name) is not None:
            seen = f"{name} exists too and is not changed; this deployment is for {place.settings.stack_name}"
            yield Looked("Section", "note", seen, f"To deploy {name}: make deploy ENV={section}")


def leftovers(place: Place) -> Iterator[Looked]:
    """What an earlier stack of this name left, for a new stack: one line for all, and one for what cannot be seen."""
    name, section = place.settings.stack_name, place.settings.section
    kinds: list[Leftovers] = []

    def found(find: Callable[[boto3.Session, str], Leftovers]) -> Iterator[Looked]:
        kinds.append(find(place.session, name))
        yield from ()

    for permission, find in _KINDS.items():
        yield from attempt("Leftovers", permission, partial(found, find))
    left = Leftovers(
        name,
        tables=tuple(one for kind in kinds for one in kind.tables),
        secrets=tuple(one for kind in kinds for one in kind.secrets),
        being_deleted=tuple(one for kind in kinds for one in kind.being_deleted),
        log_groups=tuple(one for kind in kinds for one in kind.log_groups),
    )
    if left.unrestored:
        restore = f"aws secretsmanager restore-secret --secret-id {left.unrestored[0]} --region {place.region}"
        remedy = f"{restore}, then: rollcall deploy adopt {section}"
        yield Looked("Leftovers", "stop", f"a new stack cannot be created over {left.summary}", remedy)
    elif left.blocking:
        remedy = f"To use them: rollcall deploy adopt {section}. To delete them: docs/deploy.md, Deleting the stack."
        yield Looked("Leftovers", "stop", f"a new stack cannot be created over {left.summary}", remedy)
    elif left.summary:
        remedy = (
            f"A new stack creates a new, empty table. To use the remaining resources: rollcall deploy adopt {section}"
        )
        yield Looked("Leftovers", "note", left.summary, remedy)
    elif len(kinds) == len(_KINDS):
        yield Looked("Leftovers", "ok", "none from an earlier stack with this name")


def kept_parameters(place: Place) -> Iterator[Looked]:
    """Parameters that stay as they are in the stack because the section does not name them."""
    settings = place.settings
    kept = [
        f"{name}={value}"
        for name, value in place.present.items()
        if name in settings.defaults
        and name not in {*settings.given, "Rollout"}
        and value not in (settings.defaults[name], "****")
    ]
    if kept:
        remedy = "A parameter that is left out keeps its value: write the value that you want into samconfig.toml."
        yield Looked(
            "Parameters", "note", f"the stack has values that the section does not name: {', '.join(kept)}", remedy
        )


def release_alarms(place: Place) -> Iterator[Looked]:
    """Whether an alarm that rolls a release back is in ALARM, which would stop a gradual release at once."""
    if place.is_new or place.value("Environment") != "prod":
        return
    name = place.settings.stack_name
    client = place.client("cloudwatch")
    firing = [
        alarm
        for alarm in _ROLLS_BACK
        if client.describe_alarms(AlarmNamePrefix=f"{name}-{alarm}-", StateValue="ALARM")["MetricAlarms"]
    ]
    at_once = place.settings.rollout == "at-once"
    if firing and at_once:
        seen = f"{', '.join(firing)} in ALARM, but ignored: all traffic moves at once"
        yield Looked("Release alarms", "note", seen)
    elif firing:
        again = f"make deploy ENV={place.settings.section} AT_ONCE=1"
        remedy = (
            f"If this release is the fix: {again}. Otherwise wait until the alarms are OK: docs/runbook.md, A "
            "release was taken back."
        )
        yield Looked("Release alarms", "stop", f"{', '.join(firing)} in ALARM: a gradual release stops at once", remedy)
    else:
        yield Looked("Release alarms", "ok", "none is in ALARM")


def alarm_email(place: Place) -> Looked:
    """Whether the alarms reach anyone."""
    if address := place.value("AlarmEmail"):
        return Looked("Alarms", "ok", f"go to {address} after the subscription is confirmed")
    remedy = "Set AlarmEmail=you@example.com, or subscribe to the topic of the output AlarmTopicArn."
    return Looked("Alarms", "note", "go to no one: AlarmEmail is not set", remedy)
