"""What the hourly check of accounts remembers: when each account was last heard, and how far it has read the logs.

It concerns all accounts, so its partition is that of no account: `#HEARD`. An account's item is

| Attribute | Content |
|---|---|
| `sk` | the name of the account |
| `heard` | when its last request was, in milliseconds since 1970 |
| `key` | `current` or `previous`: the key of that request |

and the item `#read` has `heard` as the moment up to which the logs were read.
"""

from __future__ import annotations

from collections.abc import Collection as Some
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import MAX_ACTIONS, AccountItems, Action, Range
from adapters.dynamodb.keys import Collection
from domain.accounts.silence import Heard, LastRequest

NO_ACCOUNT: Final = ""
_READ: Final = "#read"
"""No account can have this name."""


@dataclass(frozen=True, slots=True)
class DynamoDBHeard:
    """The memory of the check in one table; every call may raise TooManyRequests or ServiceUnavailable."""

    items: AccountItems

    def read(self) -> Heard:
        """Everything that is remembered; nothing before the first check."""
        found = {
            item["sk"]["S"]: _request_of(item)
            for page in self.items.query(Collection.HEARD, Range())
            for item in page.items
        }
        upto = found.pop(_READ, None)
        return Heard(None if upto is None else upto.at, found)

    def remember(self, upto: datetime, heard: Mapping[str, LastRequest], forgotten: Some[str]) -> None:
        """Replace what is known of these accounts, forget others, and note that the logs are read up to a moment.

        The moment is written last: after a failure the next check reads the same logs again.
        """
        actions = [
            *(self.items.put_action(self._item(account, last), {}) for account, last in heard.items()),
            *(self._delete(account) for account in forgotten),
            self.items.put_action(self._item(_READ, LastRequest(upto, "current")), {}),
        ]
        for at in range(0, len(actions), MAX_ACTIONS):
            self.items.transact(actions[at : at + MAX_ACTIONS])

    def _item(self, name: str, last: LastRequest) -> dict[str, Any]:
        return {
            **keys.key(self.items.account, Collection.HEARD, name),
            "heard": {"N": str(round(last.at.timestamp() * 1000))},
            "key": {"S": last.key_used},
        }

    def _delete(self, account: str) -> Action:
        return {"Delete": self.items.target((Collection.HEARD, account))}


def _request_of(item: Mapping[str, Any]) -> LastRequest:
    moment = datetime.fromtimestamp(int(item["heard"]["N"]) / 1000, UTC)
    return LastRequest(moment, "previous" if item["key"]["S"] == "previous" else "current")
