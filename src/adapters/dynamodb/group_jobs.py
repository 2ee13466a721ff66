"""Large changes of a group's members: decided by one write, then done in parts that each take their turn.

The group's item has the job, and how many of its steps are done. A part is one transaction on condition that it is the
next, so it is done once, whichever process does it, and a process that wakes up late does nothing. The last part
removes the items of the job. A step that no longer applies is left out: a user who joined meanwhile, or was deleted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, takewhile
from typing import Any
from uuid import uuid4

from adapters.dynamodb.account_items import AccountItems, Action, Range
from adapters.dynamodb.failures import ConditionFailed, Failure, unavailable
from adapters.dynamodb.group_items import (
    ACTIONS_OF_A_STEP,
    GROUP_OWNER,
    Job,
    Step,
    group_update,
    placed,
    recorded,
    step_actions,
    steps_of_items,
)
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.transactions import RESOURCE, Transactions
from domain.errors import ServiceUnavailable


@dataclass(frozen=True, slots=True)
class _Work:
    """What a job has to do: its steps, and the keys of the items that say so."""

    steps: Sequence[Step]
    keys: Sequence[str]

    def part(self, done: int, max_actions: int) -> list[Step]:
        """The steps of the next part: as many as fit one transaction that also removes the job's items."""
        room = max_actions - 1 - len(self.keys)
        following = self.steps[done : done + room]
        fitting = takewhile(lambda size: size <= room, accumulate(ACTIONS_OF_A_STEP[step.joins] for step in following))
        return list(following[: sum(1 for _ in fitting)])


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

    def _work_on(self, job: Job, *, patient: bool) -> None:
        """Do the parts that are left; `patient` waits for another process that does them, and takes over from it."""
        work = self._work(job)
        attempt = 0
        while job.done < job.size:
            if len(work.steps) == job.size:
                try:
                    job = self._do_part(job, work)
                    attempt = 0
                    continue
                except ConditionFailed as refusal:
                    cause: Exception = refusal
                if not patient:
                    return
                self.items.calls.pause(attempt, Failure.CONTENDED, cause)
                attempt += 1
            now = self._state(job.group_id)
            if now is None or now.id != job.id:
                return
            if len(work.steps) != job.size:
                raise ServiceUnavailable(
                    "Part of a change of the group's members is lost. Try again later.",
                    remedy="Run rollcall table check --repair: an item of the table was removed by hand.",
                )
            job = now

    def _work(self, job: Job) -> _Work:
        pages = self.items.query(Collection.GROUP_JOB, Range(prefix=job.prefix))
        found = [item for page in pages for item in page.items]
        return _Work(steps_of_items(found), [item["sk"]["S"] for item in found])

    def _do_part(self, job: Job, work: _Work) -> Job:
        """Do the next part; raises ConditionFailed when it is not its turn."""
        steps = work.part(job.done, self.items.max_actions)
        following = replace(job, done=job.done + len(steps))
        while True:
            actions = [
                self._turn(job, following, steps),
                *(action for step in steps for action in step_actions(self.items, job.group_id, step)),
            ]
            if following.done == job.size:
                actions += [{"Delete": self.items.target((Collection.GROUP_JOB, key))} for key in work.keys]
            try:
                self._transactions.transact(actions, str(uuid4()))
            except ConditionFailed as refusal:
                if refusal.failed(RESOURCE):
                    if refusal.maybe_landed and _landed(refusal.item(RESOURCE), following):
                        return following
                    raise
                kept = [at.step for at in placed(steps, RESOURCE + 1) if not at.failed(refusal)]
                if len(kept) == len(steps):
                    raise unavailable(Failure.CONTENDED, refusal) from refusal
                steps = kept
            else:
                return following

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.items, GROUP_OWNER, Collection.GROUP_RANK)

    def _turn(self, job: Job, following: Job, steps: Sequence[Step]) -> Action:
        """Say in the group's item what the part does, on condition that it is its turn; the version was counted."""
        return group_update(
            self.items,
            job.group_id,
            {**recorded(steps), **following.state, "writeId": {"S": job.id}},
            "job = :of AND jobDone = :before",
            {":of": {"S": job.id}, ":before": {"N": str(job.done)}},
            next_version=False,
        )


def _landed(item: Mapping[str, Any], following: Job) -> bool:
    """Return True if a group's item is as it is after the part: the turn was this process's own."""
    now = Job.of(item) if item else None
    if now is None:
        return following.done == following.size and item.get("writeId", {}).get("S") == following.id
    return now == following
