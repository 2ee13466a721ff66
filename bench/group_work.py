"""What the benchmark of groups asks: the requests about groups and their members, and what each of them took."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Final

from group_subjects import Cost, Json, Refused, Subject

GROUP: Final = "urn:ietf:params:scim:schemas:core:2.0:Group"
USER: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH_OP: Final = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
PER_TEAM: Final = 100
"""Members of each of the groups that a client lists, and the number of these groups."""
PART: Final = 1_000
"""Members of a request that fills a group."""
_AGAIN: Final = (429, 503)
MOST_REPEATS: Final = 20
"""Of a request that a client sends again, since it was not done in the time of the function."""


@dataclass
class Samples:
    """Measurements of one kind of request by one subject."""

    seconds: list[float] = field(default_factory=list)
    costs: list[Cost] = field(default_factory=list)
    repeats: int = 0

    @property
    def p50(self) -> float:
        """The median in milliseconds."""
        return 1000 * median(self.seconds)

    @property
    def worst(self) -> float:
        """The longest in milliseconds."""
        return 1000 * max(self.seconds)

    @property
    def cost(self) -> Cost:
        """The most of each that a request took."""
        return Cost(*(max(values) for values in zip(*self.costs, strict=True)))


@dataclass
class Measured:
    """All samples, by the name of the request, the number of members and the subject's name."""

    samples: dict[tuple[str, int, str], Samples] = field(default_factory=dict)

    @contextmanager
    def sample(self, name: str, size: int, subject: Subject) -> Iterator[Samples]:
        """Take the time and the cost of what the block does."""
        kept = self.samples.setdefault((name, size, subject.name), Samples())
        subject.cost()
        began = time.perf_counter()
        yield kept
        kept.seconds.append(time.perf_counter() - began)
        kept.costs.append(subject.cost())


def group(name: str, members: Sequence[str] = ()) -> Json:
    """The body of a new group."""
    return {"schemas": [GROUP], "displayName": name, "members": values(members)}


def values(members: Sequence[str]) -> list[Json]:
    return [{"value": member} for member in members]


def patch(op: str, path: str, value: Any = None) -> Json:
    operation = {"op": op, "path": path} | ({} if value is None else {"value": value})
    return {"schemas": [PATCH_OP], "Operations": [operation]}


def create(subject: Subject, name: str, members: Sequence[str] = ()) -> str:
    """A group with these members, who are added part by part; returns its id."""
    made: str = json.loads(subject.send("POST", "/Groups", group(name, members[:PART])))["id"]
    for start in range(PART, len(members), PART):
        subject.send("PATCH", f"/Groups/{made}", patch("add", "members", values(members[start : start + PART])))
    return made


def members_of(subject: Subject, group_id: str) -> list[str]:
    """The ids of a group's members."""
    answer = json.loads(subject.send("GET", f"/Groups/{group_id}"))
    return [member["value"] for member in answer.get("members", [])]


def total(answer: str) -> int:
    """`totalResults` of a list."""
    return int(json.loads(answer)["totalResults"])


def one_member(measured: Measured, subject: Subject, groups: dict[int, str], rounds: int) -> None:
    """Add one member to a group of each size and remove them."""
    for number in range(rounds):
        newcomer = subject.users[-1 - number]
        for size, group_id in groups.items():
            path = f"/Groups/{group_id}"
            with measured.sample("add one member", size, subject):
                subject.send("PATCH", path, patch("add", "members", values([newcomer])))
            with measured.sample("remove one member", size, subject):
                subject.send("PATCH", path, patch("remove", f'members[value eq "{newcomer}"]'))


def many_members(measured: Measured, subject: Subject, size: int) -> None:
    """Fill a group with one request, replace its members by half of them, and remove them all."""
    members = subject.users[:size]
    group_id = create(subject, f"large-{size}")
    path = f"/Groups/{group_id}"
    changes = {
        "add to an empty group": (patch("add", "members", values(members)), size),
        "replace by half of them": (patch("replace", "members", values(members[: size // 2])), size // 2),
        "remove the other half": (patch("remove", "members"), 0),
    }
    for name, (body, left) in changes.items():
        with measured.sample(name, size, subject) as kept:
            kept.repeats += until_done(lambda body=body: subject.send("PATCH", path, body))  # type: ignore[misc]  # mypy infers no type for the lambda's default
        found = len(members_of(subject, group_id))
        if found != left:
            raise RuntimeError(f"{subject.name}: {name}, {size}: {found} members, not {left}")
    subject.send("DELETE", path)


def until_done(send: Callable[[], object]) -> int:
    """Send a request, and again while the service asks for it, as clients do; returns how often it was repeated."""
    for repeats in range(MOST_REPEATS):
        try:
            send()
        except Refused as refused:
            if refused.status not in _AGAIN or repeats == MOST_REPEATS - 1:
                raise
        else:
            break
    return repeats


def reads(measured: Measured, subject: Subject, groups: dict[int, str], teams: Sequence[str], rounds: int) -> None:
    """Read groups with and without members, and look them up."""
    largest = max(groups)
    member = subject.users[0]
    lists: dict[str, tuple[int, str, Json]] = {
        "get with members": (largest, f"/Groups/{groups[largest]}", {}),
        "get without members": (largest, f"/Groups/{groups[largest]}", {"excludedAttributes": "members"}),
        "list of 100 groups with members": (PER_TEAM, "/Groups", {"count": 100, "filter": 'displayName sw "team"'}),
        "list of 100 groups without members": (
            PER_TEAM,
            "/Groups",
            {"count": 100, "filter": 'displayName sw "team"', "excludedAttributes": "members"},
        ),
        "look-up by displayName": (
            largest,
            "/Groups",
            {"filter": f'displayName eq "group-{largest}"', "excludedAttributes": "members"},
        ),
        "look-up by member": (
            largest,
            "/Groups",
            {"filter": f'members[value eq "{member}"]', "excludedAttributes": "members"},
        ),
        "is this user a member": (
            largest,
            "/Groups",
            {"filter": f'id eq "{groups[largest]}" and members eq "{member}"', "excludedAttributes": "members"},
        ),
    }
    users = {"users of a group": (PER_TEAM, "/Users", {"filter": f'groups.value eq "{teams[0]}"', "count": PER_TEAM})}
    for _ in range(rounds):
        for name, (size, path, query) in {**lists, **users}.items():
            with measured.sample(name, size, subject):
                subject.send("GET", path, **query)


@dataclass(frozen=True)
class Removal:
    """What came of the removal of a user who was in many groups."""

    groups: int
    seconds: float
    """Until none of the groups had the user."""
    left_to_the_publisher: int
    still_listed: int
    """Groups that name the user after that."""


def removal(measured: Measured, subject: Subject, groups: int, finish: Callable[[str], int]) -> Removal:
    """Delete a user who is in so many groups; `finish` ends what memberships are left and returns how many."""
    user = json.loads(subject.send("POST", "/Users", {"schemas": [USER], "userName": "leaver"}))["id"]
    joined = [create(subject, f"joined-{number}", [user]) for number in range(groups)]
    began = time.perf_counter()
    with measured.sample("delete a user of many groups", groups, subject):
        subject.send("DELETE", f"/Users/{user}")
    left = 0
    while ended := finish(user):
        left += ended
    taken = time.perf_counter() - began
    still_listed = sum(user in members_of(subject, each) for each in joined)
    return Removal(groups, round(taken, 2), left, still_listed)


@dataclass(frozen=True)
class Crowd:
    """What came of many threads that each added members to one group."""

    threads: int
    requests: int
    seconds: float
    repeats: int
    """Requests that were sent again since they were refused."""
    calls: int
    missing: int
    """Members whose request succeeded and who are not in the group at the end."""
    superfluous: int

    @property
    def a_second(self) -> float:
        """Requests a second of all threads together."""
        return self.requests / self.seconds


def crowd(subject: Subject, threads: int, each: int) -> Crowd:
    """Add `each` members in each of so many threads, one member in a request, to one group."""
    group_id = create(subject, "crowded")
    path = f"/Groups/{group_id}"
    joining = subject.users[: threads * each]

    def add(user: str) -> int:
        return until_done(lambda: subject.send("PATCH", path, patch("add", "members", values([user]))))

    subject.cost()
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        repeats = sum(pool.map(add, joining))
    taken = time.perf_counter() - began
    calls = subject.cost().calls
    members = members_of(subject, group_id)
    return Crowd(
        threads,
        len(joining),
        round(taken, 2),
        repeats,
        calls,
        len(set(joining) - set(members)),
        len(members) - len(set(joining) & set(members)),
    )
