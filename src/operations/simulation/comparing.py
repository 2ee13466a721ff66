"""Reads what the endpoint keeps, page by page, and compares it with the simulated directory."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote

from domain.documents import Json
from operations.simulation.outcome import Difference, Progress
from operations.simulation.people import DOMAIN
from operations.simulation.play import Ended, Play, identities, is_of
from operations.simulation.pushed_groups import group_name
from operations.simulation.resources import canonical, differences
from operations.simulation.wire import Answer, NoAnswer

PAGE: Final = 1_000
_UNAVAILABLE: Final = HTTPStatus.SERVICE_UNAVAILABLE
_MOST_PAGES: Final = 10_000
MAX_DIFFERENCES: Final = 1_000
"""How many are listed; a wholly different endpoint has no more to say."""


class Unreadable(Ended):
    """The endpoint's users or groups cannot be read."""


def compare(play: Play) -> tuple[list[Difference], int, int | None]:
    """The differences, and how many users and groups of the run there are; None groups where they are off."""
    found: list[Difference] = []
    here = {str(user.get("id")): user for user in listed(play, "/Users", "Reading users") if is_of(play.run, user)}
    expected = play.directory.users
    for user_id in expected.keys() | here.keys():
        if len(found) >= MAX_DIFFERENCES:
            break
        found += _of_a_user(user_id, expected.get(user_id), here.get(user_id))
    groups = _groups(play)
    if groups is not None:
        found += _of_groups(play.directory.groups, groups)
    return (
        sorted(found, key=lambda each: (each.resource, each.attribute)),
        len(here),
        None if groups is None else len(groups),
    )


def listed(play: Play, path: str, label: str, query: str = "") -> Iterator[Json]:
    """Yield every user or group, in pages; raises `Unreadable`.

    By cursor (RFC 9865) where the endpoint has that, since a page far into a long list by index costs more and more.
    """
    by_cursor = _has_cursors(play)
    seen, cursor = 0, ""
    for _ in range(_MOST_PAGES):
        where = f"cursor={quote(cursor, safe='')}" if by_cursor else f"startIndex={seen + 1}"
        answer = read(play, f"{path}?{where}&count={PAGE}{query}")
        page, total = answer.json.get("Resources", []), answer.json.get("totalResults")
        if answer.status != HTTPStatus.OK or not isinstance(total, int) or not isinstance(page, list):
            raise Unreadable(f"{path} cannot be read ({answer.status})")
        yield from (each for each in page if isinstance(each, dict))
        seen += len(page)
        play.report(Progress(play.scenario, label, min(seen, total), total))
        cursor = str(answer.json.get("nextCursor") or "")
        if not cursor if by_cursor else not page or seen >= total:
            return
    raise Unreadable(f"{path} does not end")


def _has_cursors(play: Play) -> bool:
    config = read(play, "/ServiceProviderConfig").json.get("pagination")
    return isinstance(config, dict) and config.get("cursor") is True


def read(play: Play, target: str) -> Answer:
    """One GET outside of the scenario's steps; raises `Unreadable` when there is no answer."""
    headers = {"Authorization": f"Bearer {play.wire.key}", "Accept": "application/scim+json"}
    if play.is_interrupted.is_set():
        raise Ended("interrupted")
    try:
        return play.wire.send("GET", target, headers, None, repeat=(HTTPStatus.TOO_MANY_REQUESTS, _UNAVAILABLE))
    except NoAnswer as error:
        raise Unreadable(f"{error.reason}. {error.remedy}") from error


def stranger(play: Play) -> bool:
    """True if the endpoint has a user whom no simulation made."""
    query = "&attributes=userName,emails"
    return any(not _is_simulated(user) for user in listed(play, "/Users", "Looking at users", query))


def _is_simulated(user: Json) -> bool:
    return any(text.endswith(f".{DOMAIN}") for text in identities(user))


def _of_a_user(user_id: str, expected: Json | None, here: Json | None) -> Iterator[Difference]:
    if expected is None:
        yield Difference(_name(here or {}, user_id), "user", None, "is there")
    elif here is None:
        yield Difference(_name(expected, user_id), "user", "is there", None)
    else:
        for name, wanted, found in differences(expected, canonical(here)):
            yield Difference(_name(expected, user_id), name, wanted, found)


def _name(user: Json, user_id: str) -> str:
    name = user.get("userName")
    return name if isinstance(name, str) else user_id


def _groups(play: Play) -> dict[str, tuple[Any, set[str]]] | None:
    if read(play, "/Groups?count=1").status == 404:
        return None
    return {
        str(group.get("id")): (
            group["displayName"],
            {str(member.get("value")) for member in group.get("members") or ()},
        )
        for group in listed(play, "/Groups", "Reading groups")
        if str(group.get("displayName")).startswith(group_name(play.run, ""))
    }


def _of_groups(
    expected: dict[str, tuple[str, set[str]]], here: dict[str, tuple[Any, set[str]]]
) -> Iterator[Difference]:
    for group_id in sorted(expected.keys() | here.keys()):
        wanted, found = expected.get(group_id), here.get(group_id)
        name = str((wanted or found or ("",))[0])
        if wanted is None or found is None:
            yield Difference(name, "group", wanted and "is there", found and "is there")
            continue
        if wanted[0] != found[0]:
            yield Difference(name, "displayName", wanted[0], found[0])
        if wanted[1] != found[1]:
            yield Difference(name, "members", sorted(wanted[1]), sorted(found[1]))
