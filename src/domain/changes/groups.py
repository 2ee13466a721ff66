"""What can be done to a group (RFC 7644 sections 3.3, 3.5, 3.6): create, replace, patch, delete.

Members are apart from the group's document: they go through `domain.changes.membership`, the rest as for users.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from domain.changes.membership import Membership, Outcome
from domain.changes.patching import patched
from domain.changes.preconditions import names_a_version, require_match, require_retry_allowed
from domain.documents import Json
from domain.effects import Effects
from domain.effort import Effort
from domain.errors import InvalidSyntax, InvalidValue
from domain.ports import Deadline, GroupStore, MemberChange, MissingUsers, VersionMismatch, WholeGroup
from domain.queries.single import existing, not_found
from domain.quoting import quoted
from domain.resources import body as resource
from domain.resources.group_schema import GROUP, MEMBERS, MEMBERS_ARE
from domain.resources.later_release import known_part, with_unknown_part
from domain.resources.stored_group import StoredGroup
from domain.tolerances import Reader, Strict

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Groups:
    """The groups of one account, for one request; the fields are those of `domain.changes.users.Users`."""

    store: GroupStore
    deadline: Deadline
    now: Callable[[], str]
    new_id: Callable[[], str]
    reader: Reader = field(default_factory=lambda: Strict(GROUP))
    effects: Effects = field(default_factory=Effects)
    effort: Effort = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "effort", Effort.of_operations(self.deadline))

    def create(self, body: Json) -> WholeGroup:
        """Create a group (RFC 7644 section 3.3); raises UniquenessConflict when its displayName is taken."""
        sent, members = _apart(self.reader.resource(body))
        group = StoredGroup.new(self.new_id(), resource.attributes_of(sent, GROUP), self.now())

        def attempt() -> WholeGroup:
            membership = self._membership(lambda: ())
            membership.replace(members)
            outcome = self._outcome(None, membership)
            self.store.create(group, outcome.change.joined)
            self._count(outcome)
            self.effects.groups_created += 1
            return WholeGroup(group, outcome.change.joined)

        return self._settled(None, attempt)

    def replace(
        self, group_id: str, body: Json, if_match: str | None = None, *, shows_members: bool = True
    ) -> WholeGroup:
        """Replace the group's attributes and members by those of the body (RFC 7644 section 3.5.1).

        Members who stay because the body names none, and whom the answer does not show, are not read: it has none then.
        """
        sent = self.reader.resource(body)

        def attempt() -> WholeGroup:
            kept_apart = None if shows_members else self._replace_around_members(group_id, sent, if_match)
            if kept_apart is not None:
                return kept_apart
            whole = self.store.whole(group_id)
            if whole is None:
                raise not_found(group_id, GROUP)
            current = whole.group
            require_match(if_match, current, GROUP.noun)
            stored = known_part(current.attributes, GROUP)
            present = [{"value": member} for member in whole.members]
            kept, members = _apart(self.reader.replacement(sent, stored | {MEMBERS.name: present}))
            membership = self._membership(lambda: whole.members)
            if members is not present:
                membership.replace(members)
            attributes = with_unknown_part(resource.attributes_of(kept, GROUP), current.attributes, GROUP)
            outcome = self._outcome(current, membership)
            changed = self._write(current, attributes, outcome, exactly=True, put=True)
            return WholeGroup(changed, _after(whole.members, outcome))

        return self._settled(if_match, attempt)

    def _replace_around_members(self, group_id: str, sent: Json, if_match: str | None) -> WholeGroup | None:
        """Replace the attributes if the body does not mean the members; return None if it does, and do nothing."""
        current = existing(self.store, group_id, GROUP)
        require_match(if_match, current, GROUP.noun)
        unread = [{"value": group_id}]
        stored = known_part(current.attributes, GROUP)
        kept, members = _apart(self.reader.replacement(sent, stored | {MEMBERS.name: unread}))
        if members is not unread:
            return None
        attributes = with_unknown_part(resource.attributes_of(kept, GROUP), current.attributes, GROUP)
        return WholeGroup(self._write(current, attributes, Outcome(MemberChange()), exactly=True, put=True), ())

    def patch(self, group_id: str, body: Json, if_match: str | None = None) -> StoredGroup | None:
        """Apply all of the body's operations in order, or none (RFC 7644 section 3.5.2).

        Return the group as written; None where only members changed, at whatever version the group was by then.
        """
        operations = self.reader.operations(body)
        exactly = names_a_version(if_match)

        def attempt() -> StoredGroup | None:
            current = existing(self.store, group_id, GROUP)
            require_match(if_match, current, GROUP.noun)
            membership = self._membership(lambda: self._members_of(current))
            stored = known_part(current.attributes, GROUP)
            result = patched(operations, stored, GROUP, reader=self.reader, effort=self.effort, relate=membership.apply)
            attributes = with_unknown_part(resource.checked(result, GROUP), current.attributes, GROUP)
            outcome = self._outcome(current, membership)
            is_exact = exactly or outcome.is_exact
            changed = self._write(current, attributes, outcome, exactly=is_exact, put=False)
            is_known = is_exact or changed is current or changed.document != current.document
            return changed if is_known else None

        return self._settled(if_match, attempt)

    def delete(self, group_id: str, if_match: str | None = None) -> StoredGroup:
        """Remove the group and end its memberships (RFC 7644 section 3.6); return the removed group."""

        def attempt() -> StoredGroup:
            current = existing(self.store, group_id, GROUP)
            require_match(if_match, current, GROUP.noun)
            self.store.delete(current)
            self.effects.groups_removed += 1
            return current

        return self._settled(if_match, attempt)

    def _settled(self, if_match: str | None, attempt: Callable[[], _Result]) -> _Result:
        """Repeat an attempt that lost a race, from reading on; one that names a version is not repeated."""
        while True:
            try:
                return attempt()
            except VersionMismatch:
                require_retry_allowed(if_match, self.deadline, GROUP.noun)
            except MissingUsers:
                # The next attempt no longer finds them, and answers accordingly.
                require_retry_allowed(None, self.deadline, GROUP.noun)

    def _members_of(self, current: StoredGroup) -> Sequence[str]:
        """Return all members at the version that was read; raises VersionMismatch when it is another by now."""
        whole = self.store.whole(current.id)
        if whole is None or whole.group.version != current.version:
            raise VersionMismatch
        return whole.members

    def _membership(self, present: Callable[[], Collection[str]]) -> Membership:
        return Membership(GROUP, MEMBERS, MEMBERS_ARE, self.effort, present)

    def _outcome(self, group: StoredGroup | None, membership: Membership) -> Outcome:
        """Return what a request does to the members; raises InvalidValue for a member that is not a user."""
        outcome = membership.outcome(lambda ids: self.store.candidates(group, ids))
        if outcome.unknown:
            nested = self.store.get_many(outcome.unknown)
            if nested:
                raise membership.nested(nested[0].id)
            if not self.reader.leaves_out(MEMBERS):
                raise _no_such_member(outcome.unknown)
        return outcome

    def _write(
        self, current: StoredGroup, attributes: Json, outcome: Outcome, *, exactly: bool, put: bool
    ) -> StoredGroup:
        """Write what changed, if anything did; return the group at the version after that which was read."""
        now = self.now()
        changed = current.changed_to(attributes, now, replaced=put)
        if outcome.change and changed is current:
            changed = current.touched(now, replaced=put)
        if changed is not current:
            self.store.change(current, changed, outcome.change, exactly=exactly)
        self._count(outcome)
        return changed

    def _count(self, outcome: Outcome) -> None:
        self.effects.members_joined += len(outcome.change.joined)
        self.effects.members_left += len(outcome.change.left)
        self.effects.members_left_out += len(outcome.unknown)


def _apart(body: Json) -> tuple[Json, Any]:
    """Return the body without its members, and what it says of them, None if nothing."""
    names = [name for name in body if GROUP.root.sub_attribute(name) is MEMBERS]
    if len(names) > 1:
        raise InvalidSyntax(
            f'"{MEMBERS.name}" appears twice, in different cases. Send it once.',
            attribute=MEMBERS.name,
            expected="the member once",
        )
    if not names:
        return body, None
    return {name: value for name, value in body.items() if name != names[0]}, body[names[0]]


def _after(members: Sequence[str], outcome: Outcome) -> tuple[str, ...]:
    if not outcome.change:
        return tuple(members)
    return tuple(sorted({*members, *outcome.change.joined}.difference(outcome.change.left)))


def _no_such_member(unknown: Sequence[str]) -> InvalidValue:
    more = f", and {len(unknown) - 1} more" if len(unknown) > 1 else ""
    return InvalidValue(
        f"{MEMBERS.name} has {quoted(unknown[0])}{more}, but there is no user with that id. Create the user first, or "
        "leave the member out.",
        attribute=MEMBERS.name,
        expected="ids of existing users",
        reason="no-such-member",
        remedy="Have the identity provider create the user before it adds the user to the group.",
    )
