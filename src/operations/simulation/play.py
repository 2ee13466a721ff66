"""A scenario while it is played: who is in the simulated directory, what is sent, what is wrong with the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from http import HTTPStatus
from threading import Event
from typing import Any, Final

from domain.documents import Json
from domain.messages import LIST_RESPONSE_URN
from operations.simulation.casting import Cast
from operations.simulation.explaining import explained
from operations.simulation.outcome import Exchange, Ledger, Progress, Report, Step
from operations.simulation.people import Person, domain_of, person
from operations.simulation.recorded import recorded_steps
from operations.simulation.resources import canonical, differences, patched, replaced
from operations.simulation.wire import Answer, NoAnswer, Wire

_TOO_MANY_FAILURES: Final = 20
"""Failed requests of one step in a row after which the simulation ends; an identity provider gives up, too."""
NOT_KEPT: Final = "The service does not store or return the values that were sent: look at its log for the request."
NO_USER: Final = "no user"
"""A look-up that must find no user."""


class Ended(Exception):
    """The simulation cannot continue; the message says why, for a person."""


class Given(Exception):
    """The scenario cannot continue, because a request that the rest depends on failed; the others are played."""


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it is sent; `shown` is what a person reads, such as "PUT /Users/{id}"."""

    name: str
    method: str
    target: str
    headers: Mapping[str, str]
    body: Any
    shown: str


@dataclass(frozen=True, slots=True)
class _About:
    """Whom a request is about, and what is expected of the answer."""

    who: Person
    finds: Person | str | None
    as_answered: bool


@dataclass
class Directory:
    """What the identity provider believes the endpoint keeps."""

    ids: dict[int, str] = field(default_factory=dict)
    """The id that the endpoint gave to a person, by the person's number."""
    created: dict[int, str] = field(default_factory=dict)
    """When the endpoint says that it created a person."""
    users: dict[str, Json] = field(default_factory=dict)
    """The users by id."""
    groups: dict[str, tuple[str, set[str]]] = field(default_factory=dict)
    """The name and the ids of the members of each group, by id."""


@dataclass
class Play:
    """One run, for all of its scenarios. `workers` is how many requests are under way at the same time."""

    idp: str
    wire: Wire
    seed: int
    run: str
    users: int
    report: Report
    workers: int
    is_interrupted: Event
    load: Callable[[Sequence[Json]], None] | None = None
    """Imports users on the operator's side; None where only the endpoint can be reached."""
    scenario: str = ""
    ledger: Ledger = field(default_factory=Ledger)
    directory: Directory = field(default_factory=Directory)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorded = recorded_steps(self.idp)

    def person(self, number: int) -> Person:
        """The person of that number."""
        return person(self.idp, self.seed, self.run, number)

    def people(self, first: int, number: int) -> list[Person]:
        """So many people, with numbers from `first`."""
        return [self.person(first + index) for index in range(number)]

    def id_of(self, who: Person) -> str:
        """The id that the endpoint gave to a person; raises `Given` if it never did."""
        found = self.directory.ids.get(who.number)
        if found is None:
            raise Given(f"{who.address} was not created")
        return found

    def adopt(self, who: Person, answer: Answer) -> bool:
        """Take over the user that a look-up found, if it found this person: of an earlier part of the same run."""
        listed = answer.json.get("Resources")
        found = listed[0] if isinstance(listed, list) and len(listed) == 1 else None
        if not isinstance(found, dict) or not isinstance(found.get("id"), str) or not is_of(who.run, found):
            return False
        self._enter(who, found, canonical(found))
        return True

    def note(self, text: str) -> None:
        """Say something to the person who reads the outcome, once."""
        if text not in self.notes:
            self.notes.append(text)

    def fail(self, name: str, reason: str, remedy: str) -> None:
        """Enter what is wrong with several requests together, or why some were not sent."""
        self.ledger.add(Step(self.scenario, name, "", "", "", sent=0, failed=1, reason=reason, remedy=remedy))

    def send(
        self,
        step: str,
        who: Person,
        *,
        finds: Person | str | None = None,
        values: Mapping[str, str] | None = None,
        manager: Person | None = None,
        expect: Iterable[int] | None = None,
        as_answered: bool = False,
        **others: Person,
    ) -> Answer:
        """Send a recorded request about a person, and check the answer.

        `finds` is whom a look-up must find. With `as_answered` the user is whatever the answer to a PATCH says: the
        providers do not say what they expect. `others` are people who play another role in the request, by role. Raises
        `Given` when there is no answer at all.
        """
        line = self.recorded[step]
        text = f"{line.path} {line.query} {line.body}"
        placeholders = dict(values or {})
        if "{id}" in text and "{id}" not in placeholders:
            placeholders["{id}"] = self.id_of(who)
        if "{managerId}" in text and manager is not None:
            placeholders["{managerId}"] = self.id_of(manager)
        cast = Cast(who, others, placeholders)
        request = Request(
            step,
            line.method,
            cast.text(line.path) + (f"?{cast.text(line.query)}" if line.query else ""),
            {name: value.replace("{token}", self.wire.key) for name, value in line.headers.items()},
            cast.filled(line.body),
            f"{line.method} {line.path}",
        )
        expected = tuple(expect) if expect is not None else _accepted(line.method, line.expect_status)
        about = _About(who, finds, as_answered)
        return self.exchange(request, expected, lambda answer: self._noted(about, request, answer))

    def exchange(self, request: Request, expected: tuple[int, ...], check: Callable[[Answer], str]) -> Answer:
        """Send one request and enter it into the ledger; `check` returns what is wrong with the answer, or ""."""
        if self.is_interrupted.is_set():
            raise Ended("interrupted")
        try:
            answer = self.wire.send(request.method, request.target, request.headers, request.body)
        except NoAnswer as error:
            self._traced(request, None, error.reason)
            self._entered(request, expected, "-", (error.reason, error.remedy))
            raise Given(error.reason) from error
        self._traced(request, answer.status, answer.content.decode("utf-8", "replace"))
        reason, remedy = explained(answer, expected)
        if not reason and (wrong := _checked(check, answer)):
            reason, remedy = wrong, NOT_KEPT
        self._entered(request, expected, str(answer.status), (reason, remedy))
        return answer

    def each(self, people: Sequence[Person], work: Callable[[Person], None], label: str) -> None:
        """Do the work for each person, several at a time. A person whose requests fail does not stop the others."""
        done = 0
        self.report(Progress(self.scenario, label, done, len(people)))
        waiting: set[Future[None]] = set()
        rest = iter(people)
        with ThreadPoolExecutor(self.workers) as pool:
            try:
                while True:
                    while len(waiting) < 2 * self.workers and (who := next(rest, None)) is not None:
                        waiting.add(pool.submit(_unless_given_up, work, who))
                    if not waiting:
                        return
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for future in finished:
                        future.result()
                        done += 1
                        self.report(Progress(self.scenario, label, done, len(people)))
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    self.is_interrupted.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _enter(self, who: Person, found: Json, expected: Json) -> None:
        self.directory.ids[who.number] = found["id"]
        self.directory.created[who.number] = str((found.get("meta") or {}).get("created", ""))
        self.directory.users[found["id"]] = expected

    def _noted(self, about: _About, request: Request, answer: Answer) -> str:
        """What is wrong with an answer of the right status, or ""; notes in the directory what was changed."""
        if answer.status >= HTTPStatus.BAD_REQUEST or "/Users" not in request.shown:
            return ""
        who, user = about.who, answer.json
        if request.method == "GET":
            return self._same(self.id_of(who), user) if "{id}" in request.shown else self._found(user, about.finds)
        if request.method == "DELETE":
            self.directory.users.pop(self.directory.ids.pop(who.number, ""), None)
            return ""
        if request.method == "POST":
            if not isinstance(user.get("id"), str) or not user["id"]:
                return "the new user has no id that is a string"
            self._enter(who, user, canonical(request.body))
            return self._same(user["id"], user)
        user_id = self.id_of(who)
        before = self.directory.users[user_id]
        if request.method == "PUT":
            self.directory.users[user_id] = replaced(before, request.body, user)
        elif about.as_answered and user:
            self.directory.users[user_id] = canonical(user)
        else:
            self.directory.users[user_id] = patched(before, request.body)
        return self._same(user_id, user) if user else ""

    def _same(self, user_id: str, found: Json) -> str:
        if found.get("id") != user_id:
            return "the answer has another user"
        wrong = [name for name, _, _ in differences(self.directory.users.get(user_id, {}), canonical(found))]
        return f"the answer has other values than the request: {', '.join(wrong)}" if wrong else ""

    def _found(self, listed: Json, finds: Person | str | None) -> str:
        total, users = listed.get("totalResults"), listed.get("Resources", [])
        if LIST_RESPONSE_URN not in listed["schemas"] or not isinstance(total, int) or not isinstance(users, list):
            return "the answer is not a ListResponse"
        if finds is None:
            return ""
        wanted = [] if isinstance(finds, str) else [self.id_of(finds)]
        if total != len(wanted):
            return f"{total} users were found instead of {len(wanted)}"
        return "" if [user["id"] for user in users] == wanted else "another user was found"

    def _traced(self, request: Request, status: int | None, text: str) -> None:
        key = self.wire.key
        shown = text.replace(key, "***") if key else text
        self.report(Exchange(self.scenario, request.name, request.method, request.target, request.body, status, shown))

    def _entered(self, request: Request, expected: tuple[int, ...], status: str, wrong: tuple[str, str]) -> None:
        """Enter an answer into the ledger with its reason and remedy, if it is wrong."""
        reason, remedy = wrong
        accepted = " or ".join(map(str, expected))
        in_a_row = self.ledger.add(
            Step(
                self.scenario,
                request.name,
                request.shown,
                accepted,
                status,
                failed=int(bool(reason)),
                reason=reason,
                remedy=remedy,
            )
        )
        if in_a_row >= _TOO_MANY_FAILURES:
            raise Ended(f"{_TOO_MANY_FAILURES} times in a row {request.name} failed")


def is_of(run: str, user: Json) -> bool:
    """True if the user's name or one of the addresses is of the run's domain, so that the run made the user."""
    ours = (f"@{domain_of(run)}", f".{domain_of(run)}")
    return any(text.endswith(ours) for text in identities(user))


def identities(user: Json) -> list[str]:
    """The userName and the addresses of a user, in lower case."""
    emails = user.get("emails")
    values = [each.get("value") for each in emails if isinstance(each, dict)] if isinstance(emails, list) else []
    return [text.lower() for text in (user.get("userName"), *values) if isinstance(text, str)]


def _unless_given_up(work: Callable[[Person], None], who: Person) -> None:
    try:
        work(who)
    except Given:
        return


def _checked(check: Callable[[Answer], str], answer: Answer) -> str:
    try:
        return check(answer)
    except (AttributeError, LookupError, TypeError, ValueError):
        return "the answer does not have the form that SCIM requires"


def _accepted(method: str, status: int) -> tuple[int, ...]:
    """The statuses that a provider accepts where the recorded one is expected (RFC 7644 section 3.5.2: 200 or 204)."""
    return (200, 204) if method == "PATCH" and status == HTTPStatus.OK else (status,)
