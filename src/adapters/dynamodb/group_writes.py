"""The writes of groups and of their members, each seen whole or not at all (docs/decisions/041)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action
from adapters.dynamodb.failures import ConditionFailed, Failure, is_invalid, unavailable
from adapters.dynamodb.group_items import (
    AT_ANY_VERSION,
    GROUP_OWNER,
    Job,
    Step,
    Values,
    actions_of,
    described,
    group_entries,
    group_update,
    job_items,
    placed,
    recorded,
    step_actions,
    steps_of,
)
from adapters.dynamodb.group_jobs import GroupJobs
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.memberships import Memberships
from adapters.dynamodb.transactions import IF_ABSENT, REPORT_ITEM, RESOURCE, Transactions, wrote
from domain.errors import Retryable, ServiceUnavailable, UniquenessConflict
from domain.ports import MemberChange, MissingUsers, VersionMismatch
from domain.resources.storable import require_size
from domain.resources.stored_group import StoredGroup

_AT_VERSION: Final = "version = :version AND attribute_not_exists(job)"


@dataclass(frozen=True, slots=True)
class _Members:
    """What a write has to do to the members of a group: in its own transaction, or by a job that it decides."""

    steps: Sequence[Step]
    job: Job | None

    @property
    def values(self) -> Values:
        """What the group's item says of it."""
        return {**recorded(), **self.job.state} if self.job is not None else recorded(self.steps)


@dataclass(frozen=True, slots=True)
class GroupWrites:
    """The part of `domain.ports.GroupStore` that writes, for the groups of one account; `now` is the wall clock."""

    items: AccountItems
    now: Callable[[], float] = time.time

    @property
    def jobs(self) -> GroupJobs:
        """Large changes that are under way."""
        return GroupJobs(self.items)

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.items, GROUP_OWNER, Collection.GROUP_RANK)

    @property
    def _memberships(self) -> Memberships:
        return Memberships(self.items, self.now)

    def create(self, group: StoredGroup, members: Sequence[str] = ()) -> None:
        """Create group, index items, rank counter and memberships; raises UniquenessConflict or MissingUsers."""
        require_size(group, "group")
        steps = _steps(group.id, MemberChange(joined=tuple(dict.fromkeys(members))))
        self._in_one_or_in_parts(steps, lambda in_parts: self._create(group, steps, in_parts=in_parts))

    def _create(self, group: StoredGroup, steps: Sequence[Step], *, in_parts: bool) -> _Members:
        write_id = str(uuid4())
        entries = group_entries(group)
        actions = [*self._transactions.take(entries, group.id), *self._transactions.count([group.id], 1)]
        change = self._planned(group.id, steps, write_id, 1 + len(actions), in_parts=in_parts)
        item: Item = {
            **keys.key(self.items.account, Collection.GROUP, group.id),
            **_kept({**described(group), **_times(group, write_id), **change.values}),
            "version": {"N": str(group.version)},
            "created": {"S": group.created},
        }
        actions = [self.items.put_action(item, IF_ABSENT), *actions]
        try:
            self._transactions.transact([*actions, *self._member_actions(group.id, change)], str(uuid4()))
        except ConditionFailed as refusal:
            if not refusal.failed(RESOURCE):
                raise self._conflict(refusal, list(entries), group, change, len(actions)) from refusal
            if not (refusal.maybe_landed or wrote(refusal, write_id)):
                raise ServiceUnavailable(
                    "A group with the same new id already exists. Repeat the request."
                ) from refusal
        return change

    def change(
        self, current: StoredGroup, changed: StoredGroup, members: MemberChange, *, exactly: bool = False
    ) -> None:
        """Write the next version with one transaction; one that would be too large decides a job, and works on it."""
        require_size(changed, "group")
        steps = _steps(current.id, members)
        exactly = exactly or not steps or changed.document != current.document
        self._in_one_or_in_parts(
            steps, lambda in_parts: self._change(current, changed, steps, exactly=exactly, in_parts=in_parts)
        )

    def _change(
        self, current: StoredGroup, changed: StoredGroup, steps: Sequence[Step], *, exactly: bool, in_parts: bool
    ) -> _Members:
        write_id = str(uuid4())
        before, after = group_entries(current), group_entries(changed)
        taken = {entry: value for entry, value in after.items() if entry not in before}
        freed = [entry for entry in before if entry not in after]
        takes = self._transactions.take(taken, current.id)
        other_actions = 1 + len(takes) + len(freed)
        change = self._planned(current.id, steps, write_id, other_actions, in_parts=in_parts)
        values = {**_times(changed, write_id), **change.values}
        if changed.document != current.document:
            values |= described(changed)
        actions = [
            self._update(current, values, exactly=exactly),
            *takes,
            *self._member_actions(current.id, change),
        ]
        while True:
            try:
                self._transactions.transact_freeing(actions, freed, current.id, str(uuid4()))
            except ConditionFailed as refusal:
                if not refusal.failed(RESOURCE):
                    raise self._conflict(refusal, list(taken), changed, change, 1 + len(takes)) from refusal
                if not wrote(refusal, write_id):
                    self._complete_what_refused(refusal)
                    continue
            return change

    def delete(self, current: StoredGroup) -> None:
        """Delete group, index items and the group's count in one transaction, leaving word; then end memberships."""
        remove: Action = {
            "Delete": {
                **self.items.target((Collection.GROUP, current.id)),
                "ConditionExpression": _AT_VERSION,
                "ExpressionAttributeValues": _version(current),
                **REPORT_ITEM,
            }
        }
        gone = self._transactions.leave(Collection.GROUP, current, self.now())
        actions = [remove, gone, *self._transactions.count([current.id], -1)]
        while True:
            try:
                self._transactions.transact_freeing(actions, list(group_entries(current)), current.id, str(uuid4()))
            except ConditionFailed as refusal:
                if not (refusal.maybe_landed and not refusal.item(RESOURCE)):
                    self._complete_what_refused(refusal)
                    continue
            break
        with suppress(Retryable):
            # The group is gone; what is left of this means nothing any more, and the publisher removes it.
            self._memberships.clear(current.id)

    def leave_all(self, user_id: str) -> int:
        """End the memberships of a deleted user in all groups at once, each by one transaction."""
        return self._memberships.leave_all(user_id)

    def finish(self, group_id: str) -> None:
        """Work on the group's job, if there is one, until another process does a part of it."""
        self.jobs.help_on(group_id)

    def clear(self, group_id: str) -> None:
        """End what is left of the memberships of a deleted group; nothing happens while the group exists."""
        if self.items.get(Collection.GROUP, group_id, ProjectionExpression="sk") is None:
            self._memberships.clear(group_id)

    def _planned(
        self, group_id: str, steps: Sequence[Step], write_id: str, other_actions: int, *, in_parts: bool
    ) -> _Members:
        """Do the steps in the transaction that has so many other actions, or in a job if they do not fit."""
        fits = not in_parts and other_actions + actions_of(steps) <= self.items.max_actions
        return _Members(steps, None if fits else Job(group_id, write_id, len(steps), 0))

    def _update(self, current: StoredGroup, values: Values, *, exactly: bool) -> Action:
        if exactly:
            return group_update(self.items, current.id, values, _AT_VERSION, _version(current))
        return group_update(self.items, current.id, values, AT_ANY_VERSION, {})

    def _member_actions(self, group_id: str, change: _Members) -> list[Action]:
        if change.job is not None:
            return [self.items.put_action(item, {}) for item in job_items(self.items.account, change.job, change.steps)]
        return [action for step in change.steps for action in step_actions(self.items, group_id, step)]

    def _in_one_or_in_parts(self, steps: Sequence[Step], write: Callable[[bool], _Members]) -> None:
        """Write as it fits, and in parts if DynamoDB refuses that: users of more than 4 MB are too large for one."""
        try:
            change = write(False)
        except ServiceUnavailable as refusal:
            if not steps or not is_invalid(refusal.__cause__):
                raise
            change = write(True)
        self._do(change)

    def _do(self, change: _Members) -> None:
        """Work on a job that was decided. It counts as done; what there is no time for is done by who meets it."""
        if change.job is not None:
            with suppress(Retryable):
                self.jobs.complete(change.job.group_id)

    def _complete_what_refused(self, refusal: ConditionFailed) -> None:
        """Complete the job that is the reason of a refusal; raises VersionMismatch if there is none."""
        item = refusal.item(RESOURCE)
        if "job" not in item:
            raise VersionMismatch from refusal
        self.jobs.complete(item["sk"]["S"])

    def _conflict(
        self, refusal: ConditionFailed, entries: list[Entry], group: StoredGroup, change: _Members, first: int
    ) -> Exception:
        """What is behind a cancelled transaction: `entries` follow the group, the members come from `first` on."""
        for position, (collection, _) in enumerate(entries, RESOURCE + 1):
            if refusal.failed(position) and collection is Collection.GROUP_NAME:
                return UniquenessConflict("displayName", group.display_name, self.items.account)
        if change.job is None:
            steps = list(placed(change.steps, first))
            missing = [at.step.user_id for at in steps if at.is_of_missing_user(refusal)]
            if missing:
                return MissingUsers(missing)
            if any(at.failed(refusal) for at in steps):
                return VersionMismatch()
        return unavailable(Failure.CONTENDED, refusal)


def _steps(group_id: str, members: MemberChange) -> list[Step]:
    """The steps of a change; raises MissingUsers for who cannot exist."""
    impossible = [each for each in members.joined if not keys.is_pair(group_id, each)]
    if impossible:
        raise MissingUsers(impossible)
    return steps_of(members)


def _times(group: StoredGroup, write_id: str) -> Values:
    """What every write of a group says of itself."""
    return {
        "lastModified": {"S": group.last_modified},
        "writeId": {"S": write_id},
        "replaced": {"BOOL": True} if group.replaced else None,
    }


def _version(group: StoredGroup) -> Item:
    return {":version": {"N": str(group.version)}}


def _kept(values: Values) -> Item:
    return {name: value for name, value in values.items() if value is not None}
