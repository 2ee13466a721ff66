"""Large changes of a group's members: decided by one write, then done in parts that each take their turn.

The group's item has the job, and how many of its steps are done. A part is one transaction on condition that it is the
next, so it is done once, whichever process does it, and a process that wakes up late does nothing. A step that no
longer applies is left out: a user who joined meanwhile. After the last part the users who joined are read: who was
deleted leaves again. Who is deleted later than that finds the membership, and ends it. Then the job is closed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from adapters.dynamodb.account_items import AccountItems, Action, Range
from adapters.dynamodb.failures import ConditionFailed, Failure, is_invalid, unavailable
from adapters.dynamodb.group_items import (
    ACTIONS_OF_A_MEMBERSHIP,
    GROUP_OWNER,
    NO_JOB,
    Job,
    Step,
    Values,
    group_update,
    membership_actions,
    recorded,
    steps_of_items,
)
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.parallel import read_all
from adapters.dynamodb.transactions import RESOURCE, Transactions
from domain.errors import ServiceUnavailable


@dataclass(frozen=True, slots=True)
class _Work:
    """What a job has to do: its steps, and the keys of the items that say so."""

    steps: Sequence[Step]
    keys: Sequence[str]


@dataclass(frozen=True, slots=True)
class GroupJobs:
    """The jobs of one account; every call may raise TooManyRequests or ServiceUnavailable, and can be repeated."""

    items: AccountItems

    def complete(self, group_id: str) -> None:
        """Complete the job of a group, if there is one, together with any other process that is at it."""
        job = self._state(group_id)
        if job is not None:
            self._work_on(job, patient=True)

    def help_on(self, group_id: str) -> None:
        """Work on the job of a group, if there is one, until another process does a part of it."""
        job = self._state(group_id)
        if job is not None:
            self._work_on(job, patient=False)

    def complete_all(self) -> None:
        """Complete every job of the account."""
        pages = self.items.query(Collection.GROUP_JOB, Range(), ProjectionExpression="sk")
        for group_id in dict.fromkeys(item["sk"]["S"].partition("#")[0] for page in pages for item in page.items):
            self.complete(group_id)

    def _state(self, group_id: str) -> Job | None:
        item = self.items.get(Collection.GROUP, group_id, ProjectionExpression="sk, job, jobSize, jobDone")
        return None if item is None else Job.of(item)

    def is_lost(self, group_id: str) -> bool:
        """Return True if a group has a job that nothing can complete, as its items were removed by hand."""
        return self._lost(group_id) is not None

    def _lost(self, group_id: str) -> tuple[Job, _Work] | None:
        job = self._state(group_id)
        if job is None:
            return None
        work = self._work(job)
        return (job, work) if len(work.steps) != job.size and self._state(group_id) == job else None

    def give_up(self, group_id: str) -> bool:
        """Close the job of a group if it is lost; what is done of it stays. Return True if it was so."""
        lost = self._lost(group_id)
        if lost is None:
            return False
        job, work = lost
        turn = self._turn(job, {**recorded(), **NO_JOB})
        try:
            self._transactions.transact([turn, *self._removals(work)], str(uuid4()))
        except ConditionFailed:
            return False
        return True

    def _work_on(self, job: Job, *, patient: bool) -> None:
        """Do the parts that are left; `patient` waits for another process that does them, and takes over from it."""
        work = self._work(job)
        if len(work.steps) != job.size:
            return self._require_closed(job)
        attempt, most = 0, (self.items.max_actions - 1) // ACTIONS_OF_A_MEMBERSHIP
        while True:
            try:
                if job.is_done:
                    return self._close(job, work)
                job = self._do_part(job, work.steps[job.done : job.done + most])
                attempt = 0
            except ConditionFailed as refusal:
                if not patient:
                    return None
                self.items.calls.pause(attempt, Failure.CONTENDED, refusal)
                attempt += 1
                now = self._state(job.group_id)
                if now is None or now.id != job.id:
                    return None
                job = now
            except ServiceUnavailable as refusal:
                if most == 1 or not is_invalid(refusal.__cause__):
                    raise
                most //= 2  # more than DynamoDB takes in one transaction

    def _require_closed(self, job: Job) -> None:
        """Raise ServiceUnavailable if a job whose items are gone is not closed."""
        now = self._state(job.group_id)
        if now is not None and now.id == job.id:
            raise ServiceUnavailable(
                "An earlier change of the group's members is incomplete, so the group cannot be changed. Ask the "
                "service's operator to repair it.",
                remedy="Run rollcall table check --repair: an item of the table was deleted by hand.",
            )

    def _work(self, job: Job) -> _Work:
        pages = self.items.query(Collection.GROUP_JOB, Range(prefix=job.prefix))
        found = [item for page in pages for item in page.items]
        return _Work(steps_of_items(found), [item["sk"]["S"] for item in found])

    def _do_part(self, job: Job, steps: Sequence[Step]) -> Job:
        """Do the next steps; raises ConditionFailed when it is not their turn."""
        following = replace(job, done=job.done + len(steps))
        self._take_turn(job, following, steps)
        return following

    def _close(self, job: Job, work: _Work) -> None:
        """Let who was deleted meanwhile leave, and remove the job; raises ConditionFailed when it is closed."""
        joined = [step.user_id for step in work.steps if step.joins]
        users = read_all(self.items, [(Collection.USER, each) for each in joined], ProjectionExpression="sk")
        there = {item["sk"]["S"] for item in users}
        leaving = [Step(False, each) for each in joined if each not in there]
        removals = self._removals(work)
        most = (self.items.max_actions - 1 - len(removals)) // ACTIONS_OF_A_MEMBERSHIP
        while len(leaving) > most:
            self._take_turn(job, job, leaving[:most])
            leaving = leaving[most:]
        self._take_turn(job, None, leaving, removals)

    def _take_turn(
        self, job: Job, following: Job | None, steps: Sequence[Step], removals: Sequence[Action] = ()
    ) -> None:
        """Do steps in one transaction, those that apply; raises ConditionFailed when the job is no longer as it was."""
        while True:
            state = NO_JOB if following is None else following.state
            actions = [
                self._turn(job, {**recorded(steps), **state}),
                *(action for step in steps for action in membership_actions(self.items, job.group_id, step)),
                *removals,
            ]
            try:
                return self._transactions.transact(actions, str(uuid4()))
            except ConditionFailed as refusal:
                if refusal.failed(RESOURCE):
                    if refusal.maybe_landed and _landed(refusal.item(RESOURCE), job, following):
                        return None
                    raise
                first = RESOURCE + 1
                kept = [
                    step for at, step in enumerate(steps) if not refusal.failed(first + at * ACTIONS_OF_A_MEMBERSHIP)
                ]
                if len(kept) == len(steps):
                    raise unavailable(Failure.CONTENDED, refusal) from refusal
                steps = kept

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.items, GROUP_OWNER, Collection.GROUP_RANK)

    def _turn(self, job: Job, values: Values) -> Action:
        """Say in the group's item what is done, on condition that the job is as it was; the version was counted."""
        return group_update(
            self.items,
            job.group_id,
            {**values, "writeId": {"S": job.id}},
            "job = :of AND jobDone = :before",
            {":of": {"S": job.id}, ":before": {"N": str(job.done)}},
            next_version=False,
        )

    def _removals(self, work: _Work) -> list[Action]:
        return [{"Delete": self.items.target((Collection.GROUP_JOB, key))} for key in work.keys]


def _landed(item: Mapping[str, Any], job: Job, following: Job | None) -> bool:
    """Return True if a group's item is as it is after the turn: it was this process's own."""
    now = Job.of(item) if item else None
    if now is None:
        return following is None and item.get("writeId", {}).get("S") == job.id
    return now == following
