"""What the writes of users and groups share: transactions whose effect is exact although an answer may be lost.

A write that was sent again because its answer was lost must recognise its own effect and treat it as success. DynamoDB
does so for a transaction, by its token. In addition every item of a resource has the `writeId` of the write that stored
it, and an index item may be taken over by its own resource, so that this also works after a token has expired.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action
from adapters.dynamodb.failures import ConditionFailed, Failure, MismatchedToken, unavailable
from adapters.dynamodb.items import gone_item, index_item
from adapters.dynamodb.keys import Collection, Entry
from domain.resources.stored_resource import StoredResource

RESOURCE: Final = 0
"""Position of the resource's own item in every transaction."""
REPORT_ITEM: Final = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
IF_ABSENT: Final = {"ConditionExpression": "attribute_not_exists(pk)", **REPORT_ITEM}


@dataclass(frozen=True, slots=True)
class Transactions:
    """Transactions on the resources of one type: `owner` is the attribute of an index item that has a resource's id."""

    items: AccountItems
    owner: str
    ranks: Collection

    def transact(self, actions: list[Action], token: str) -> None:
        """Do one transaction; with a new token, once, if DynamoDB has the token for another transaction.

        The conditions still protect a transaction that was done under the former token.
        """
        try:
            self.items.transact(actions, ClientRequestToken=token)
        except MismatchedToken:
            self._transact_once_more(actions)

    def _transact_once_more(self, actions: list[Action]) -> None:
        try:
            self.items.transact(actions, ClientRequestToken=str(uuid4()))
        except MismatchedToken as error:
            raise unavailable(Failure.REFUSED, error) from error
        except ConditionFailed as refusal:
            raise ConditionFailed(refusal.reasons, maybe_landed=True) from refusal

    def transact_freeing(self, actions: list[Action], freed: Sequence[Entry], owner_id: str, token: str) -> None:
        """Do the actions and free the index items, in one transaction.

        An index item that turns out to be another resource's (a table repaired by hand) is left alone, so that it does
        not prevent changes of this one.
        """
        while True:
            try:
                return self.transact([*actions, *self._free(freed, owner_id)], token)
            except ConditionFailed as refusal:
                if any(refusal.failed(position) for position in range(len(actions))):
                    raise
                kept = [entry for at, entry in enumerate(freed, len(actions)) if not refusal.failed(at)]
                if len(kept) == len(freed):
                    raise unavailable(Failure.CONTENDED, refusal) from refusal
                freed, token = kept, str(uuid4())

    def take(self, entries: Mapping[Entry, str], owner_id: str) -> list[Action]:
        """Put the index items of a resource, on condition that they are free or its own."""
        items, condition = self.items, self._if_free_or_of(owner_id)
        return [
            items.put_action(index_item(items.account, entry, value, self.owner, owner_id), condition)
            for entry, value in entries.items()
        ]

    def _free(self, entries: Iterable[Entry], owner_id: str) -> list[Action]:
        condition = self._if_free_or_of(owner_id)
        return [{"Delete": {**self.items.target(entry), **condition}} for entry in entries]

    def _if_free_or_of(self, owner_id: str) -> dict[str, Any]:
        """The condition that an index item does not exist, or names this resource."""
        return {
            "ConditionExpression": f"attribute_not_exists(pk) OR {self.owner} = :owner",
            "ExpressionAttributeValues": {":owner": {"S": owner_id}},
        }

    def leave(self, collection: Collection, resource: StoredResource, seconds: float) -> Action:
        """Leave word of a resource that the transaction deletes, at that time."""
        return self.items.put_action(gone_item(self.items.account, collection, resource, seconds), {})

    def count(self, ids: Iterable[str], change: int) -> list[Action]:
        """Count resources in (1) or out (-1): one action for each rank item, as the number of actions is limited.

        `changes` shows a repair whether resources came or went while it counted.
        """
        ranks: dict[str, dict[str, int]] = {}
        for each in ids:
            rank, counter = keys.rank_of(each)
            counters = ranks.setdefault(rank, {})
            counters[counter] = counters.get(counter, 0) + change
        return [self._add(rank, counters) for rank, counters in ranks.items()]

    def _add(self, rank: str, counters: dict[str, int]) -> Action:
        adds, names, values = "", {}, {":one": {"N": "1"}}
        for counter, number in counters.items():
            adds += f"#n{counter} :n{counter}, "
            names[f"#n{counter}"] = counter
            values[f":n{counter}"] = {"N": str(number)}
        return {
            "Update": {
                **self.items.target((self.ranks, rank)),
                "UpdateExpression": f"ADD {adds}changes :one",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": values,
            }
        }


def if_version(resource: StoredResource) -> dict[str, Any]:
    """The condition that the stored resource is at the version of this one."""
    return {
        "ConditionExpression": "version = :version",
        "ExpressionAttributeValues": {":version": {"N": str(resource.version)}},
        **REPORT_ITEM,
    }


def wrote(refusal: ConditionFailed, write_id: str, position: int = RESOURCE) -> bool:
    """Return True if the item that failed the condition was stored by this write."""
    found = refusal.item(position).get("writeId", {}).get("S")
    return bool(found == write_id)
