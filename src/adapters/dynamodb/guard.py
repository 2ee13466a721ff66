"""An account's deprovisioning guard: one item that counts losses of access over a rolling day.

The item holds a counter for each hour in which there were any (`h<hour>`, hours since 1970), their sum `used`, the hour
`swept` in which those that are too old were last taken out, and a `token` that is new with every write. To take a place
is one UpdateItem that adds to both on condition that `used` is below the limit: single updates of one item come one
after the other, so the limit holds however many take places. What is too old counts until it stands in the way; only
then is it taken out. The first that finds no place writes `pausedUntil` (seconds since 1970); while that is there
only the user of an attribute `pass <id>` passes, once. `last1` to `last3` are the users of the last places: who
is counted already, and may not be written yet, must not count for the size of the account once more.

A place whose request got no answer counts, although perhaps no user lost access: the guard may hold back one too
early, never let one too many through.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Range
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from domain.accounts.deprovisioning import (
    HOURS,
    PASS,
    PAUSE,
    DeprovisioningPaused,
    GuardState,
    LetThrough,
    Limit,
    Place,
    settled_before,
)
from domain.errors import Retryable, ServiceUnavailable

_ITEM: Final = "deprovisioning"
_HOUR: Final = "h"
_PASS: Final = "pass "
_MOST_HOURS: Final = 2 * HOURS
"""After which an item is swept in any case, so that it never holds more counters than two days have hours."""
_SAMPLE: Final = 1_000
"""Users by whom the share of settled ones is reckoned where there are many."""
_MOST_READ: Final = 10_000
"""Users that are read for it: those of a small account are counted among many whom somebody made to hide them."""
_ATTEMPTS: Final = 50
"""Of looking again because others changed the item in between."""

_Item = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DynamoDBGuard:
    """A `domain.ports.DeprovisioningGuard` for one request; `now` is the wall clock in seconds since 1970."""

    items: AccountItems
    limit: Limit
    now: Callable[[], float] = time.time

    def take(self, user_id: str | None = None) -> Place:
        hour, token = self._hour(), str(uuid4())
        for _ in range(_ATTEMPTS):
            try:
                return self._place(self._count(hour, token, user_id or ""), hour)
            except ConditionFailed as refusal:
                item = refusal.item(0)
                if _text(item, "token") == token:
                    return self._place(item, hour)  # a repeated call whose first answer was lost
                if self._is_to_be_swept(item, hour):
                    self._sweep(item, hour)
                elif "pausedUntil" in item or not self._has_room(item, hour):
                    passed = self._passed(item, user_id, hour)
                    if passed is not None:
                        return passed
                    if "pausedUntil" in item or self._pause(item):
                        raise self._paused(item) from refusal
        raise ServiceUnavailable("Other requests keep changing this account. Try again later.", reason="contended")

    def give_back(self, place: Place) -> None:
        passed = place.let_through
        with suppress(ConditionFailed, Retryable):  # swept out by now, or not to be had: it ages in a day
            if passed is not None:
                self.let_through(passed.user_id, passed.by, passed.until)
                return
            self._update(
                "ADD used :less, #hour :less SET #token = :token",
                "attribute_exists(#hour)",
                {"#hour": f"{_HOUR}{place.hour}", "#token": "token"},
                {":less": _n(-1), ":token": _s(str(uuid4()))},
            )

    def state(self) -> GuardState:
        hour = self._hour()
        item = self.items.get(Collection.GUARD, _ITEM) or {}
        until = None if self._is_over(item) or self._is_of_another_limit(item) else _time(item, "pausedUntil")
        used = 0 if self._is_over(item) else sum(_live(item, hour).values())
        known = self._known_allowance(item, hour)
        allowed = max(self.limit.least, known or 0)
        # How many settled users there are is worked out by the first request that the least would stop.
        used_up = used >= allowed and known is not None
        return GuardState(used, allowed, until is not None or used_up, until, tuple(self._passes(item)))

    def resume(self, by: str, at: str) -> None:
        self.items.put(
            {
                **keys.key(self.items.account, Collection.GUARD, _ITEM),
                "used": _n(0),
                "swept": _n(self._hour()),
                "token": _s(str(uuid4())),
                "resumedBy": _s(by),
                "resumedAt": _s(at),
            }
        )

    def let_through(self, user_id: str, by: str, until: datetime | None = None) -> LetThrough:
        passed = LetThrough(user_id, until or datetime.fromtimestamp(int(self.now()), UTC) + PASS, by)
        self._update(
            "SET #pass = :pass, #token = :token, "
            "swept = if_not_exists(swept, :hour), used = if_not_exists(used, :none)",
            None,
            {"#pass": _PASS + user_id, "#token": "token"},
            {
                ":pass": {"M": {"until": _n(int(passed.until.timestamp())), "by": _s(by)}},
                ":token": _s(str(uuid4())),
                ":hour": _n(self._hour()),
                ":none": _n(0),
            },
        )
        return passed

    def _hour(self) -> int:
        return int(self.now() // 3600)

    def _count(self, hour: int, token: str, user_id: str) -> _Item:
        """Count one more, on condition that there is room; the item after it."""
        room = "used < :least OR (used < allowance AND allowanceHour > :dayAgo AND #limit = :limit)"
        room = f"attribute_not_exists(pausedUntil) AND swept > :longAgo AND ({room})"
        if self.limit.least:
            room = f"attribute_not_exists(pk) OR ({room})"
        return self._update(
            "ADD used :one, #hour :one SET #token = :token, swept = if_not_exists(swept, :now), "
            "last3 = if_not_exists(last2, :none), last2 = if_not_exists(last1, :none), last1 = :user",
            f"({room}) AND (attribute_not_exists(#token) OR #token <> :token)",
            {"#hour": f"{_HOUR}{hour}", "#token": "token", "#limit": "limit"},
            {
                ":one": _n(1),
                ":user": _s(user_id),
                ":none": _s(""),
                ":token": _s(token),
                ":now": _n(hour),
                ":dayAgo": _n(hour - HOURS),
                ":longAgo": _n(hour - _MOST_HOURS),
                ":least": _n(self.limit.least),
                ":limit": _s(str(self.limit)),
            },
        )

    def _place(self, item: _Item, hour: int) -> Place:
        known = self._known_allowance(item, hour)
        return Place(_number(item, "used"), known, hour)

    def _passed(self, item: _Item, user_id: str | None, hour: int) -> Place | None:
        """The place of a user whom an operator lets through, which cannot be taken twice."""
        passed = next((each for each in self._passes(item) if each.user_id == user_id), None)
        if passed is None:
            return None
        token = str(uuid4())
        try:
            self._update(
                "REMOVE #pass SET #token = :token",
                "attribute_exists(#pass) AND #pass.#until = :until",
                {"#pass": f"{_PASS}{user_id}", "#until": "until", "#token": "token"},
                {":until": _n(int(passed.until.timestamp())), ":token": _s(token)},
            )
        except ConditionFailed as refusal:
            if _text(refusal.item(0), "token") != token:
                return None
        return Place(_number(item, "used"), self._known_allowance(item, hour), hour, passed)

    def _pause(self, item: _Item) -> bool:
        """Begin the pause, if the item still is what was seen; else somebody else may have made room."""
        until = int(self.now() + PAUSE.total_seconds())
        try:
            self._update(
                "SET pausedUntil = :until, pausedLimit = :limit, #token = :token",
                "#token = :seen AND attribute_not_exists(pausedUntil)",
                {"#token": "token"},
                {
                    ":until": _n(until),
                    ":limit": _s(str(self.limit)),
                    ":token": _s(str(uuid4())),
                    ":seen": item["token"],
                },
            )
        except ConditionFailed:
            return False
        return True

    def _paused(self, item: _Item) -> DeprovisioningPaused:
        begun = datetime.fromtimestamp(int(self.now()), UTC) + PAUSE
        return DeprovisioningPaused(self.items.account, _number(item, "used"), _time(item, "pausedUntil") or begun)

    def _passes(self, item: _Item) -> list[LetThrough]:
        """Those of an item that are still good."""
        found = [
            LetThrough(name.removeprefix(_PASS), _time(value["M"], "until") or datetime.now(UTC), value["M"]["by"]["S"])
            for name, value in item.items()
            if name.startswith(_PASS)
        ]
        return [each for each in found if each.until.timestamp() > self.now()]

    def _is_over(self, item: _Item) -> bool:
        """Whether a pause was, and its time is over."""
        return "pausedUntil" in item and _number(item, "pausedUntil") <= self.now()

    def _is_of_another_limit(self, item: _Item) -> bool:
        """Whether a pause was, and an operator has set another limit since."""
        return "pausedUntil" in item and _text(item, "pausedLimit") != str(self.limit)

    def _is_to_be_swept(self, item: _Item, hour: int) -> bool:
        too_old = len(_hours(item)) > len(_live(item, hour))
        no_pause = self._is_over(item) or self._is_of_another_limit(item)
        return not item or too_old or no_pause or _number(item, "swept") <= hour - _MOST_HOURS

    def _sweep(self, item: _Item, hour: int) -> None:
        """Take out what is too old, if the item still is what was seen; else somebody else has done so.

        After a pause that is everything: a new day begins, as when an operator resumes.
        """
        live = {} if self._is_over(item) else _live(item, hour)
        good = {_PASS + each.user_id for each in self._passes(item)}
        old = [name for name in _hours(item) if name not in live]
        old += [name for name in item if name.startswith(_PASS) and name not in good]
        if self._is_over(item) or self._is_of_another_limit(item):
            old += ["pausedUntil", "pausedLimit"]
        names = {f"#o{at}": name for at, name in enumerate(old)}
        values = {":hour": _n(hour), ":used": _n(sum(live.values())), ":token": _s(str(uuid4()))}
        condition = "attribute_not_exists(pk)"
        if item:
            condition = "#token = :seen"
            values[":seen"] = item["token"]
        update = "SET swept = :hour, used = :used, #token = :token" + (f" REMOVE {', '.join(names)}" if names else "")
        with suppress(ConditionFailed):
            self._update(update, condition, {"#token": "token", **names}, values)

    def _has_room(self, item: _Item, hour: int) -> bool:
        """Whether it is worth another try: the account may be large enough for more than the least.

        Its settled users are counted once a day at most, and only when the least is used up.
        """
        used = _number(item, "used")
        if used < self.limit.least:
            return True
        known = self._known_allowance(item, hour)
        if known is not None:
            return used < known
        last = [item[name]["S"] for name in ("last1", "last2", "last3") if name in item]
        settled = self._settled(last[:used]) + max(0, used - len(last))
        with suppress(ConditionFailed):
            self._update(
                "SET allowance = :allowance, allowanceHour = :hour, #limit = :limit",
                "attribute_exists(pk) AND (attribute_not_exists(allowanceHour) OR allowanceHour < :hour "
                "OR #limit <> :limit)",
                {"#limit": "limit"},
                {
                    ":allowance": _n(self.limit.allowance(settled)),
                    ":hour": _n(hour),
                    ":limit": _s(str(self.limit)),
                },
            )
        return True

    def _known_allowance(self, item: _Item, hour: int) -> int | None:
        if not self.limit.percent:
            return self.limit.users
        is_fresh = _number(item, "allowanceHour") > hour - HOURS and _text(item, "limit") == str(self.limit)
        return _number(item, "allowance") if is_fresh else None

    def _settled(self, last: list[str]) -> int:
        """How many active users have been there for more than a day: counted in a small account, else reckoned.

        Those who lost access last are among them, whether that has been written yet or not.
        """
        since = settled_before(datetime.fromtimestamp(self.now(), UTC))
        found = seen = 0
        unseen = list(last)
        pages = self.items.query(
            Collection.USER,
            Range(),
            limit=_MOST_READ,
            ProjectionExpression="sk, #active, #created",
            ExpressionAttributeNames={"#active": "active", "#created": "created"},
        )
        more = False
        for page in pages:
            for item in page.items:
                counted = item["sk"]["S"] in last
                found += (item["active"]["BOOL"] or counted) and item["created"]["S"] <= since
                if counted:
                    unseen = [user_id for user_id in unseen if user_id != item["sk"]["S"]]
            seen += len(page.items)
            more = page.more
            # From twice the number on, only the percentage matters, of which a share of all says enough.
            if seen >= _SAMPLE and found >= 2 * self.limit.users:
                break
        if not more or found < 2 * self.limit.users:
            return found + (0 if more else len(unseen))
        # Ids are random, so the first users are a fair sample of all.
        total = read_ranks(self.items).total
        return max(found, int(total * found / seen))

    def _update(self, update: str, condition: str | None, names: Mapping[str, str], values: Mapping[str, Any]) -> _Item:
        return self.items.update(
            (Collection.GUARD, _ITEM), update, condition=condition, names=names, values=dict(values)
        )


def _hours(item: _Item) -> dict[str, int]:
    """The counters of an item by attribute name."""
    return {name: int(value["N"]) for name, value in item.items() if name[1:].isdecimal() and name[0] == _HOUR}


def _live(item: _Item, hour: int) -> dict[str, int]:
    """Those that count still: of the last 24 hours and of the one that they began in."""
    return {name: count for name, count in _hours(item).items() if int(name[1:]) >= hour - HOURS}


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _s(value: str) -> dict[str, str]:
    return {"S": value}


def _number(item: _Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0


def _text(item: _Item, name: str) -> str | None:
    text: str | None = item.get(name, {}).get("S")
    return text


def _time(item: _Item, name: str) -> datetime | None:
    return datetime.fromtimestamp(_number(item, name), UTC) if name in item else None
