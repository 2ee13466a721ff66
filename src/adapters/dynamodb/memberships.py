"""The end of memberships whose user or group was deleted: idempotent, and in parallel."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from uuid import uuid4

from adapters import clock
from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action, Range
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.group_items import AT_ANY_VERSION, GROUP_OWNER, Step, group_update, membership_actions, recorded
from adapters.dynamodb.group_jobs import GroupJobs
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.parallel import in_parallel
from adapters.dynamodb.transactions import RESOURCE, Transactions, wrote


@dataclass(frozen=True, slots=True)
class Memberships:
    """Ends memberships of one account; `now` is the wall clock. What a crash leaves of it is done by calling again."""

    items: AccountItems
    now: Callable[[], float]

    def leave_all(self, user_id: str) -> int:
        """End the memberships of a deleted user, each with a new version of its group; return how many there were."""
        group_ids = list(self._second_ids(Collection.GROUP_OF, user_id))
        return sum(in_parallel(lambda group_id: self._leave(group_id, user_id), group_ids))

    def clear(self, group_id: str) -> None:
        """Remove the memberships of a deleted group."""
        user_ids = self._second_ids(Collection.MEMBER, group_id)
        for _ in in_parallel(
            lambda some: self._remove((group_id, user_id) for user_id in some),
            iter(lambda: list(islice(user_ids, self.items.max_actions // 2)), []),
        ):
            pass

    def _second_ids(self, collection: Collection, first_id: str) -> Iterator[str]:
        pages = self.items.query(collection, Range(prefix=keys.of_pair(first_id)), ProjectionExpression="sk")
        return (keys.second_of(item["sk"]["S"]) for page in pages for item in page.items)

    def _leave(self, group_id: str, user_id: str) -> bool:
        """End one membership; return False if there was none, or its group is gone."""
        step, write_id = Step(False, user_id), str(uuid4())
        times = {"lastModified": {"S": clock.text_of(self.now())}, "writeId": {"S": write_id}, "replaced": None}
        turn = group_update(self.items, group_id, {**times, **recorded([step])}, AT_ANY_VERSION, {})
        while True:
            try:
                self._transactions.transact([turn, *membership_actions(self.items, group_id, step)], str(uuid4()))
            except ConditionFailed as refusal:
                if wrote(refusal, write_id):
                    return True
                if "job" in refusal.item(RESOURCE):
                    GroupJobs(self.items).complete(group_id)
                    continue
                self._remove([(group_id, user_id)])
                return False
            return True

    def _remove(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Remove both items of memberships that mean nothing any more."""
        actions: list[Action] = []
        for group_id, user_id in pairs:
            actions += (
                {"Delete": self.items.target((Collection.MEMBER, keys.of_pair(group_id, user_id)))},
                {"Delete": self.items.target((Collection.GROUP_OF, keys.of_pair(user_id, group_id)))},
            )
        self._transactions.transact(actions, str(uuid4()))

    @property
    def _transactions(self) -> Transactions:
        return Transactions(self.items, GROUP_OWNER, Collection.GROUP_RANK)
