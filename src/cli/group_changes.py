"""`rollcall groups delete` and `rename`: change one group by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import typer

from adapters.clock import MonotonicDeadline
from cli.arguments import Account, Yes
from cli.changes import SECONDS, Change, DryRun, Unaudited, differences, plainly_refused
from cli.group_options import GroupId, GroupName, chosen_group
from cli.invocation import Invocation, invocation_of
from cli.wording import counted
from domain.events.lifecycle import AttributeChange
from domain.quoting import quoted
from domain.resources.group_schema import DISPLAY_NAME
from domain.resources.stored_group import StoredGroup
from operations.answers.changes import ChangedAttribute, ChangedGroup
from operations.audit import Audited
from operations.group_changes import GroupChanges


def delete(
    context: typer.Context,
    *,
    account: Account,
    name: GroupName = None,
    group_id: GroupId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
    yes: Yes = False,
) -> None:
    """Delete one group permanently and end its memberships. Its users are kept.

    The application receives GroupDeprovisioned. An identity provider that still has the group may create it again, with
    another id: delete or unlink it there, too.
    """
    one = _One(invocation_of(context), account, "delete", dry_run, unaudited)
    group = one.chosen(name, group_id)
    members = one.members(group)
    if not dry_run:
        one.invocation.confirm(
            f"Delete the group {quoted(group.display_name)} ({group.id}) of {account} permanently? It has "
            f"{counted(members, 'member')}.",
            yes,
        )

    one.carry_out(
        group,
        "deleted",
        lambda audited: one.changes.delete(group),
        memberships=members,
        afterwards="An identity provider that still has the group may create it again, with another id.",
    )


def rename(
    context: typer.Context,
    new_name: Annotated[str, typer.Argument(metavar="NEW-NAME", help="The new displayName of the group.")],
    *,
    account: Account,
    name: GroupName = None,
    group_id: GroupId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
) -> None:
    """Give one group another name.

    The application receives GroupUpdated. An identity provider that has another name for the group may change it back
    with its next update.
    """
    one = _One(invocation_of(context), account, "rename", dry_run, unaudited)
    group = one.chosen(name, group_id)
    with plainly_refused():
        one.changes.check_name(group, new_name)

    def make(audited: Audited) -> None:
        one.changes.rename(group, new_name)
        audited.about["attribute"] = DISPLAY_NAME.name

    one.carry_out(
        group,
        "renamed",
        make,
        renamed=AttributeChange(DISPLAY_NAME.name, group.display_name, new_name),
        afterwards="An identity provider that has another name for the group may change it back with its next update.",
    )


@dataclass(frozen=True, slots=True)
class _One:
    """The change of one group of an account, as its options ask for it."""

    invocation: Invocation
    account: str
    command: str
    dry_run: bool
    unaudited: bool

    @property
    def changes(self) -> GroupChanges:
        """The group's changes."""
        directory = self.invocation.deployment.account(self.account, SECONDS)
        return GroupChanges(self.account, directory, MonotonicDeadline.after(SECONDS))

    def chosen(self, name: str | None, group_id: str | None) -> StoredGroup:
        """The group that the options select; raises `AdministrationError` when there is none."""
        return chosen_group(self.invocation, self.account, name, group_id)

    def members(self, group: StoredGroup) -> int:
        """The number of the group's members."""
        return len(self.invocation.deployment.account(self.account, SECONDS).members.of(group.id))

    def carry_out(
        self,
        group: StoredGroup,
        done: Literal["deleted", "renamed"],
        make: Callable[[Audited], None],
        *,
        afterwards: str,
        memberships: int = 0,
        renamed: AttributeChange | None = None,
    ) -> None:
        """Make the change unless it is a dry run or changes nothing, and answer."""
        invocation, whom = self.invocation, f"group {group.id} of {self.account}"
        is_none = renamed is not None and renamed.before == renamed.after
        audited = False
        if not (is_none or self.dry_run):
            change = Change(self.account, f"groups {self.command}", f"group-{done}", {"group_id": group.id})
            audited = change.carry_out(invocation, make, unaudited=self.unaudited)
        changes = [] if renamed is None or is_none else [renamed]
        if is_none:
            line = f"The {whom} already has this name; nothing was changed."
        elif self.dry_run:
            having = f", which has {counted(memberships, 'member')}" if memberships else ""
            line = f"The {whom}{having} would be {done}. Nothing was changed."
        else:
            ended = f", and {counted(memberships, 'membership')} ended" if memberships else ""
            line = f"The {whom} is {done}{ended}."
        invocation.answer(
            ChangedGroup(
                result="unchanged" if is_none else "checked" if self.dry_run else done,
                account=self.account,
                group_id=group.id,
                dry_run=self.dry_run,
                audited=audited,
                changes=ChangedAttribute.all_of(changes),
                memberships_ended=0 if self.dry_run else memberships,
            ),
            *differences(changes),
            line,
        )
        if not (is_none or self.dry_run):
            invocation.note(afterwards)
