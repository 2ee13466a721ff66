"""An account's deprovisioning guard: one item that counts deactivations and removals over a rolling hour.

The item holds a counter for each minute in which there were any (`m<minute>`, minutes since 1970), their sum `used`,
the minute `swept` in which those that are too old were last taken out, and a `token` that is new with every write.
To take a place is one UpdateItem that adds to both on condition that `used` is below the limit: single updates of one
item come one after the other, so the limit holds whoever else takes places. What is too old counts until it stands in
the way; only then is it taken out.

A place whose request got no answer counts, although nobody may have been removed: the guard may hold back one too
early, never let one too many through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from adapters.dynamodb.reads import Range, Reads
from domain.deprovisioning import MINUTES, DeprovisioningPaused, GuardState, Limit
from domain.errors import Retryable, ServiceUnavailable

_ITEM: Final = "deprovisioning"
_PREFIX: Final = "m"
_MOST_MINUTES: Final = 24 * 60
"""After which an item is swept in any case, so that it holds no more counters than a day has minutes."""
_SAMPLE: Final = 300
"""Users by whom the share of active ones is reckoned: all of a small directory, and within some 3 % of a large one."""
_ATTEMPTS: Final = 50
"""Of looking again because others changed the item in between."""


@dataclass(slots=True)
class DynamoDBGuard:
    """A `domain.ports.DeprovisioningGuard` for one request; `now` is the wall clock in seconds since 1970."""

    reads: Reads
    limit: Limit
    now: Callable[[], float] = time.time
    _minute: int = field(default=0, init=False)

    def take(self) -> None:
        minute, token = self._this_minute(), str(uuid4())
        for _ in range(_ATTEMPTS):
            try:
                self._count(minute, token)
            except ConditionFailed as refusal:
                item = refusal.item(0)
                if item.get("token", {}).get("S") == token:
                    break  # a repeated call whose first answer was lost
                if _is_to_be_swept(item, minute):
                    self._sweep(item, minute)
                elif not self._has_room(item, minute):
                    raise DeprovisioningPaused(self.reads.account, _number(item, "used")) from refusal
            else:
                break
        else:
            raise ServiceUnavailable("Other requests keep changing this account. Try again later.", reason="contended")
        self._minute = minute

    def give_back(self) -> None:
        with suppress(ConditionFailed, Retryable):  # swept out by now, or not to be had: it ages in an hour
            self._update(
                "ADD used :less, #minute :less SET #token = :token",
                "attribute_exists(#minute)",
                {"#minute": f"{_PREFIX}{self._minute}", "#token": "token"},
                {":less": {"N": "-1"}, ":token": {"S": str(uuid4())}},
            )

    def state(self) -> GuardState:
        """How far the account is now, for people who look at it."""
        minute = self._this_minute()
        item = self.reads.item(Collection.GUARD, _ITEM) or {}
        used = sum(_live(item, minute).values())
        known = _number(item, "allowance") if self._knows_allowance(item, minute) else None
        allowed = max(self.limit.users, known or 0)
        # What the percentage comes to is worked out by the first request that the number would stop.
        return GuardState(used, allowed, used >= allowed and (known is not None or not self.limit.percent))

    def resume(self, by: str, at: str) -> None:
        """Begin a new hour: as many as the limit says may be deactivated or removed from now on."""
        self.reads.calls.send(
            "put_item",
            TableName=self.reads.table_name,
            Item={
                **keys.key(self.reads.account, Collection.GUARD, _ITEM),
                "used": {"N": "0"},
                "swept": {"N": str(self._this_minute())},
                "token": {"S": str(uuid4())},
                "resumedBy": {"S": by},
                "resumedAt": {"S": at},
            },
        )

    def _this_minute(self) -> int:
        return int(self.now() // 60)

    def _count(self, minute: int, token: str) -> None:
        room = "used < :users OR (used < allowance AND allowanceMinute > :hourAgo AND #percent = :percent)"
        if self.limit.users:
            room = f"attribute_not_exists(pk) OR (swept > :dayAgo AND ({room}))"
        self._update(
            "ADD used :one, #minute :one SET #token = :token, swept = if_not_exists(swept, :minute)",
            f"({room}) AND (attribute_not_exists(#token) OR #token <> :token)",
            {"#minute": f"{_PREFIX}{minute}", "#token": "token", "#percent": "percent"},
            {
                ":one": {"N": "1"},
                ":token": {"S": token},
                ":minute": {"N": str(minute)},
                ":hourAgo": {"N": str(minute - MINUTES)},
                **({":dayAgo": {"N": str(minute - _MOST_MINUTES)}} if self.limit.users else {}),
                ":users": {"N": str(self.limit.users)},
                ":percent": {"N": str(self.limit.percent)},
            },
        )

    def _sweep(self, item: Mapping[str, Any], minute: int) -> None:
        """Take out what is too old, if the item still is what was seen; else somebody else has done so."""
        live = _live(item, minute)
        old = [name for name in _minutes(item) if name not in live]
        names = {f"#o{at}": name for at, name in enumerate(old)}
        update = "SET swept = :minute, used = :used, #token = :token" + (f" REMOVE {', '.join(names)}" if names else "")
        values: dict[str, Any] = {
            ":minute": {"N": str(minute)},
            ":used": {"N": str(sum(live.values()))},
            ":token": {"S": str(uuid4())},
        }
        condition = "attribute_not_exists(pk)"
        if item:
            condition = "#token = :seen"
            values[":seen"] = item["token"]
        with suppress(ConditionFailed):
            self._update(update, condition, {"#token": "token", **names}, values)

    def _has_room(self, item: Mapping[str, Any], minute: int) -> bool:
        """Whether it is worth another try: a percentage of the active users may be more than the number.

        It is worked out once an hour at most, and only when the number is used up.
        """
        if _number(item, "used") < self.limit.users:
            return True
        if not self.limit.percent:
            return False
        if self._knows_allowance(item, minute):
            return _number(item, "used") < _number(item, "allowance")
        allowance = self._allowance()
        with suppress(ConditionFailed):
            self._update(
                "SET allowance = :allowance, allowanceMinute = :minute, #percent = :percent",
                "attribute_exists(pk) AND (attribute_not_exists(allowanceMinute) OR allowanceMinute < :minute "
                "OR #percent <> :percent)",
                {"#percent": "percent"},
                {
                    ":allowance": {"N": str(allowance)},
                    ":minute": {"N": str(minute)},
                    ":percent": {"N": str(self.limit.percent)},
                },
            )
        return True

    def _knows_allowance(self, item: Mapping[str, Any], minute: int) -> bool:
        fresh = _number(item, "allowanceMinute") > minute - MINUTES
        return fresh and "allowance" in item and _number(item, "percent") == self.limit.percent

    def _allowance(self) -> int:
        """The percentage of those who are active now, when the number is used up."""
        total = read_ranks(self.reads.calls, self.reads.table_name, self.reads.account).total
        # Ids are random, so the first users are a fair sample of a directory that has more.
        page = next(self.reads.pages(Collection.USER, Range(), limit=_SAMPLE, ProjectionExpression="active"))
        share = sum(item["active"]["BOOL"] for item in page.items) / len(page.items) if page.items else 0.0
        return int(total * share * self.limit.percent / 100)

    def _update(self, update: str, condition: str, names: Mapping[str, str], values: Mapping[str, Any]) -> None:
        request: dict[str, Any] = {"ExpressionAttributeNames": dict(names)} if names else {}
        self.reads.calls.send(
            "update_item",
            TableName=self.reads.table_name,
            Key=keys.key(self.reads.account, Collection.GUARD, _ITEM),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=dict(values),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **request,
        )


def _is_to_be_swept(item: Mapping[str, Any], minute: int) -> bool:
    too_old = len(_minutes(item)) > len(_live(item, minute))
    return not item or too_old or _number(item, "swept") <= minute - _MOST_MINUTES


def _minutes(item: Mapping[str, Any]) -> dict[str, int]:
    """The counters of an item by attribute name."""
    return {name: int(value["N"]) for name, value in item.items() if name[1:].isdecimal() and name[0] == _PREFIX}


def _live(item: Mapping[str, Any], minute: int) -> dict[str, int]:
    """Those that count still: of the last sixty minutes and of the one that they began in."""
    return {name: count for name, count in _minutes(item).items() if int(name[1:]) >= minute - MINUTES}


def _number(item: Mapping[str, Any], name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
