"""`rollcall users deactivate`, `activate`, `delete`, `rename` and `set`: change one user by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import typer

from adapters.clock import MonotonicDeadline
from cli.arguments import Account, Yes
from cli.changes import SECONDS, Change, DryRun, Unaudited, differences, plainly_refused
from cli.invocation import Invocation, invocation_of
from cli.root import UsageError
from cli.user_options import Email, UserId, UserName, chosen_user
from cli.wording import counted
from domain.documents import Json
from domain.quoting import quoted
from domain.resources.stored_user import StoredUser
from operations.answers.changes import ChangedAttribute, ChangedUser
from operations.audit import UNCHANGED, Audited
from operations.user_changes import Request, UserChange, UserChanges, patch_of, setting

_Result = Literal["deactivated", "activated", "deleted", "renamed", "set"]


@dataclass(frozen=True, slots=True)
class _Command:
    """A command: its name, its result, and what an identity provider may do to the user afterwards."""

    name: str
    result: _Result
    afterwards: str

    @property
    def done(self) -> str:
        return "changed" if self.result == "set" else self.result


_DEACTIVATE: Final = _Command(
    "deactivate",
    "deactivated",
    "An identity provider in which the user is still active may activate it again with its next update: remove the "
    "user there, too.",
)
_ACTIVATE: Final = _Command(
    "activate",
    "activated",
    "An identity provider in which the user is not active may deactivate it again with its next update.",
)
_DELETE: Final = _Command(
    "delete",
    "deleted",
    "An identity provider that still has the user may create it again, with another id: remove the user there, too.",
)
_RENAME: Final = _Command(
    "rename",
    "renamed",
    "An identity provider that has another userName for the user may change it back with its next update.",
)
_SET: Final = _Command(
    "set", "set", "An identity provider that has other values for the user may change them back with its next update."
)


def deactivate(
    context: typer.Context,
    *,
    account: Account,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
    yes: Yes = False,
) -> None:
    """Deactivate one user. The user and its groups are kept.

    This also works while deprovisioning is paused. The application receives UserDeactivated. An identity provider in
    which the user is still active may activate it again with its next update: remove the user there, too.
    """
    one = _One(invocation_of(context), account, dry_run, unaudited, yes)
    user = one.chosen(email, user_name, user_id)
    one.patch(_DEACTIVATE, user, [_replacing("active", False)])


def activate(
    context: typer.Context,
    *,
    account: Account,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
) -> None:
    """Activate one user.

    The application receives UserReactivated. An identity provider in which the user is not active may deactivate it
    again with its next update.
    """
    one = _One(invocation_of(context), account, dry_run, unaudited)
    user = one.chosen(email, user_name, user_id)
    one.patch(_ACTIVATE, user, [_replacing("active", True)])


def delete(
    context: typer.Context,
    *,
    account: Account,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
    yes: Yes = False,
) -> None:
    """Delete one user permanently. The userName and the addresses can then be used again.

    This also works while deprovisioning is paused. The application receives UserDeprovisioned, and the user's
    memberships end. An identity provider that still has the user may create it again, with another id: remove the user
    there, too.
    """
    one = _One(invocation_of(context), account, dry_run, unaudited, yes)
    user = one.chosen(email, user_name, user_id)
    one.change(_DELETE, user, lambda users: users.delete(user.id))


def rename(
    context: typer.Context,
    new_user_name: Annotated[str, typer.Argument(metavar="NEW-USER-NAME", help="The new userName of the user.")],
    *,
    account: Account,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
) -> None:
    """Give one user another userName. To change addresses, use rollcall users set.

    The application receives UserUpdated. An identity provider that has another userName for the user may change it back
    with its next update.
    """
    one = _One(invocation_of(context), account, dry_run, unaudited)
    user = one.chosen(email, user_name, user_id)
    one.patch(_RENAME, user, [_replacing("userName", new_user_name)])


def set_attributes(
    context: typer.Context,
    pairs: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ATTRIBUTE VALUE",
            help="SCIM paths of attributes, each followed by its value. Put -- first if a value starts with a dash.",
        ),
    ] = None,
    *,
    account: Account,
    email: Email = None,
    user_name: UserName = None,
    user_id: UserId = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="ATTRIBUTE", help="Remove this attribute. Repeatable.")
    ] = None,
    json_value: Annotated[bool, typer.Option("--json-value", help="Parse the values as JSON.")] = False,
    dry_run: DryRun = False,
    unaudited: Unaudited = False,
    yes: Yes = False,
) -> None:
    """Set or remove attributes of one user. Either all are changed or none.

    Examples of paths: title, name.familyName, 'emails\\[type eq "work"].value',
    urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department. With --json-value:
    roles '\\[{"value": "admin"}]'.

    The application receives UserUpdated. An identity provider that has other values for the user may change them back
    with its next update.
    """
    given = pairs or []
    if len(given) % 2:
        raise UsageError(f"{quoted(given[-1])} has no value: give a value for each attribute.")
    if not given and not remove:
        raise UsageError("Give an attribute and its value, or --remove and an attribute.")
    with plainly_refused():
        operations = setting(list(zip(given[::2], given[1::2], strict=True)), remove or (), as_json=json_value)
    one = _One(invocation_of(context), account, dry_run, unaudited, yes)
    user = one.chosen(email, user_name, user_id)
    one.patch(_SET, user, operations)


def _replacing(path: str, value: Any) -> Json:
    return {"op": "replace", "path": path, "value": value}


@dataclass(frozen=True, slots=True)
class _One:
    """The change of one user of an account, as its options ask for it."""

    invocation: Invocation
    account: str
    dry_run: bool
    unaudited: bool
    yes: bool = True

    def chosen(self, email: str | None, user_name: str | None, user_id: str | None) -> StoredUser:
        """The user that the options select; raises `AdministrationError` when there is none."""
        return chosen_user(self.invocation, self.account, email, user_name, user_id)

    def patch(self, command: _Command, user: StoredUser, operations: Sequence[Json]) -> None:
        """Apply the operations to the user."""
        self.change(command, user, lambda users: users.patch(user.id, patch_of(operations)))

    def change(self, command: _Command, user: StoredUser, request: Request) -> None:
        """Rehearse the request; then ask if it takes access away, make it, and answer."""
        changes = self._changes
        with plainly_refused():
            planned = changes.rehearse(user, request)
        if planned.is_none or self.dry_run:
            self._answer(command, planned, 0, audited=False)
            return
        memberships = len(changes.directory.groups_of_users.of(user.id)) if planned.after is None else 0
        self._confirm(planned, memberships)
        changes = self._changes  # the answer to the question may have taken longer than the time of one
        made: list[UserChange] = []

        def make(audited: Audited) -> None:
            made.append(changes.make(user, request))
            audited.what = _what(command, made[0])
            audited.about.update(made[0].record)

        audit = Change(self.account, f"users {command.name}", _what(command, planned), {"user_id": user.id})
        audited = audit.carry_out(self.invocation, make, unaudited=self.unaudited)
        self._answer(command, made[0], memberships, audited=audited)

    @property
    def _changes(self) -> UserChanges:
        """Changes of the account's users, from now on for `SECONDS`."""
        directory = self.invocation.deployment.account(self.account, SECONDS)
        return UserChanges(self.account, directory, MonotonicDeadline.after(SECONDS))

    def _confirm(self, planned: UserChange, memberships: int) -> None:
        user = planned.before
        named = f"the user {quoted(user.attributes['userName'])} ({user.id}) of {self.account}"
        if planned.after is None:
            ended = f" {counted(memberships, 'membership')} will end." if memberships else ""
            self.invocation.confirm(f"Delete {named} permanently?{ended}", self.yes)
        elif planned.effects.deactivated:
            self.invocation.confirm(f"Deactivate {named}?", self.yes)

    def _answer(self, command: _Command, change: UserChange, memberships: int, *, audited: bool) -> None:
        invocation, user = self.invocation, change.before
        attributes = () if change.after is None else change.attributes
        result = "unchanged" if change.is_none else "checked" if self.dry_run else command.result
        whom = f"user {user.id} of {self.account}"
        if change.is_none:
            line = f"The {whom} already has these values; nothing was changed."
        elif self.dry_run:
            line = f"The {whom} would be {command.done}. Nothing was changed."
        else:
            ended = f", and {counted(memberships, 'membership')} ended" if memberships else ""
            line = f"The {whom} is {command.done}{ended}."
        invocation.answer(
            ChangedUser(
                result=result,
                account=self.account,
                user_id=user.id,
                dry_run=self.dry_run,
                audited=audited,
                version=None if change.after is None else change.after.version,
                changes=ChangedAttribute.all_of(attributes),
                memberships_ended=memberships if change.memberships_ended else 0,
            ),
            *differences(attributes),
            line,
        )
        if not change.memberships_ended:
            invocation.note(
                "The user is deleted, but some of its memberships could not be ended. The publisher ends them "
                f"later; to end them now: rollcall table check --account {self.account} --repair"
            )
        if not (change.is_none or self.dry_run):
            invocation.note(command.afterwards)


def _what(command: _Command, change: UserChange) -> str:
    """What the audit calls it: `rollcall users set` may activate or deactivate a user, too."""
    before, after = change.before, change.after
    if change.is_none:
        return UNCHANGED
    if after is None or before.active is after.active:
        return f"user-{command.done}"
    return "user-activated" if after.active else "user-deactivated"
