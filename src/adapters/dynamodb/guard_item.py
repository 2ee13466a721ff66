"""The item of an account's deprovisioning guard: its attributes, and every update of it.

| Attribute | Content |
|---|---|
| `h<hour>` | losses of access in that hour since 1970, in which there were any |
| `used` | their sum |
| `swept` | the hour in which outdated attributes were last removed |
| `token` | a new value with every write |
| `last1` to `last3` | the users of the last losses of access, latest first |
| `allowance`, `allowanceHour`, `limit` | how many the limit allows, and when that was worked out |
| `pausedUntil`, `pausedLimit` | the end of the pause in seconds since 1970, and the limit that began it |
| `pass <id>` | a user who may pass the pause: `until`, and `by` whose decision |
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb.account_items import Update
from adapters.dynamodb.items import Item
from adapters.dynamodb.keys import Collection
from domain.accounts.deprovisioning import HOURS, LetThrough, Limit
from domain.accounts.guard_record import Allowance, GuardRecord, Pause, hour_of

ENTRY: Final = (Collection.GUARD, "deprovisioning")
_HOUR: Final = "h"
_PASS: Final = "pass "
_PAUSE: Final = ("pausedUntil", "pausedLimit")
_LAST: Final = ("last1", "last2", "last3")
_TOKEN: Final = {"#token": "token"}
"""The name of an attribute that every update except one sets; it is a reserved word."""
_MOST_HOURS: Final = 2 * HOURS
"""After which an item is swept in any case, so that it has at most as many counters as two days have hours."""

Attributes = Mapping[str, Any]


def record_of(item: Attributes) -> GuardRecord:
    """The record in an item; an empty one in an empty item."""
    return GuardRecord(
        {int(name[1:]): int(value["N"]) for name, value in item.items() if _is_hour(name)},
        Allowance(number(item, "allowance"), number(item, "allowanceHour"), text(item, "limit"))
        if "allowance" in item
        else None,
        Pause(_time(item["pausedUntil"]), text(item, "pausedLimit")) if "pausedUntil" in item else None,
        tuple(
            LetThrough(name.removeprefix(_PASS), _time(value["M"]["until"]), value["M"]["by"]["S"])
            for name, value in item.items()
            if name.startswith(_PASS)
        ),
    )


def last_users(item: Attributes) -> list[str]:
    """The ids of the users of the last losses of access, "" where none is known."""
    return [text(item, name) for name in _LAST if name in item]


def needs_sweep(item: Attributes, limit: Limit, now: float) -> bool:
    """Return True if the item is new, has outdated counters or an ended pause, or was not swept for long."""
    record = record_of(item)
    current = record.current(limit, now)
    outdated = len(current.hours) < len(record.hours) or current.pause != record.pause
    return not item or outdated or number(item, "swept") <= hour_of(now) - _MOST_HOURS


def count(limit: Limit, now: float, user_id: str, token: str) -> Update:
    """Count one more loss of access, on condition that the limit has room for it.

    An item that has this `token` shows that an earlier attempt succeeded.
    """
    hour = hour_of(now)
    below_least = "used < :least"
    below_allowance = "used < allowance AND allowanceHour > :dayAgo AND #limit = :limit"
    not_paused = "attribute_not_exists(pausedUntil)"
    recently_swept = "swept > :longAgo"
    has_room = f"{not_paused} AND {recently_swept} AND ({below_least} OR ({below_allowance}))"
    if limit.least:
        first_ever = "attribute_not_exists(pk)"
        has_room = f"{first_ever} OR ({has_room})"
    not_counted_yet = "attribute_not_exists(#token) OR #token <> :token"
    return Update(
        "ADD used :one, #hour :one SET #token = :token, swept = if_not_exists(swept, :now), "
        "last3 = if_not_exists(last2, :none), last2 = if_not_exists(last1, :none), last1 = :user",
        {
            ":one": _n(1),
            ":user": _s(user_id),
            ":none": _s(""),
            ":now": _n(hour),
            ":dayAgo": _n(hour - HOURS),
            ":longAgo": _n(hour - _MOST_HOURS),
            ":least": _n(limit.least),
            ":limit": _s(str(limit)),
            ":token": _s(token),
        },
        f"({has_room}) AND ({not_counted_yet})",
        {"#hour": f"{_HOUR}{hour}", "#limit": "limit", **_TOKEN},
    )


def uncount(hour: int) -> Update:
    """Count one less in that hour, unless its counter has been swept."""
    return Update(
        "ADD used :less, #hour :less SET #token = :token",
        {":less": _n(-1), ":token": _new_token()},
        "attribute_exists(#hour)",
        {"#hour": f"{_HOUR}{hour}", **_TOKEN},
    )


def sweep(item: Attributes, limit: Limit, now: float) -> Update:
    """Remove what no longer counts, on condition that the item is unchanged."""
    current = record_of(item).current(limit, now)
    kept = {f"{_HOUR}{hour}" for hour in current.hours} | {_PASS + each.user_id for each in current.passes}
    old = [name for name in item if (_is_hour(name) or name.startswith(_PASS)) and name not in kept]
    if current.pause is None:
        old += [name for name in _PAUSE if name in item]
    names = {f"#o{at}": name for at, name in enumerate(old)}
    condition = "attribute_not_exists(pk)"
    values = {":hour": _n(hour_of(now)), ":used": _n(current.used), ":token": _new_token()}
    if item:
        condition, values[":seen"] = "#token = :seen", item["token"]
    removal = f" REMOVE {', '.join(names)}" if names else ""
    return Update("SET swept = :hour, used = :used, #token = :token" + removal, values, condition, names | _TOKEN)


def pause(item: Attributes, limit: Limit, until: datetime) -> Update:
    """Begin a pause, on condition that the item is unchanged."""
    return Update(
        "SET pausedUntil = :until, pausedLimit = :limit, #token = :token",
        {":until": _seconds(until), ":limit": _s(str(limit)), ":seen": item["token"], ":token": _new_token()},
        "#token = :seen AND attribute_not_exists(pausedUntil)",
        _TOKEN,
    )


def allow(users: int, limit: Limit, now: float) -> Update:
    """Store how many users the limit allows, unless another request has stored it in this hour."""
    return Update(
        "SET allowance = :allowance, allowanceHour = :hour, #limit = :limit",
        {":allowance": _n(users), ":hour": _n(hour_of(now)), ":limit": _s(str(limit))},
        "attribute_exists(pk) AND (attribute_not_exists(allowanceHour) OR allowanceHour < :hour OR #limit <> :limit)",
        {"#limit": "limit"},
    )


def add_pass(passed: LetThrough, now: float) -> Update:
    """Let a user pass the pause, once."""
    return Update(
        "SET #pass = :pass, #token = :token, swept = if_not_exists(swept, :hour), used = if_not_exists(used, :none)",
        {
            ":pass": {"M": {"until": _seconds(passed.until), "by": _s(passed.by)}},
            ":hour": _n(hour_of(now)),
            ":none": _n(0),
            ":token": _new_token(),
        },
        names={"#pass": _PASS + passed.user_id, **_TOKEN},
    )


def use_pass(passed: LetThrough, token: str) -> Update:
    """Remove a user's pass, on condition that it is still there; `token` as for `count`."""
    return Update(
        "REMOVE #pass SET #token = :token",
        {":until": _seconds(passed.until), ":token": _s(token)},
        "attribute_exists(#pass) AND #pass.#until = :until",
        {"#pass": _PASS + passed.user_id, "#until": "until", **_TOKEN},
    )


def resumed(by: str, at: str, now: float) -> Item:
    """The attributes of an item that begins again, by an operator's decision."""
    return {
        "used": _n(0),
        "swept": _n(hour_of(now)),
        "token": _new_token(),
        "resumedBy": _s(by),
        "resumedAt": _s(at),
    }


def number(item: Attributes, name: str) -> int:
    """A number of an item; 0 when there is none."""
    return int(item[name]["N"]) if name in item else 0


def text(item: Attributes, name: str) -> str:
    """A text of an item; "" when there is none."""
    found: str = item.get(name, {}).get("S", "")
    return found


def _is_hour(name: str) -> bool:
    return name[0] == _HOUR and name[1:].isdecimal()


def _time(value: Attributes) -> datetime:
    return datetime.fromtimestamp(int(value["N"]), UTC)


def _seconds(moment: datetime) -> dict[str, str]:
    return _n(int(moment.timestamp()))


def _new_token() -> dict[str, str]:
    return _s(str(uuid4()))


def _n(value: int) -> dict[str, str]:
    return {"N": str(value)}


def _s(value: str) -> dict[str, str]:
    return {"S": value}
