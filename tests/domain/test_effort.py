"""Work that multiplies is counted before it is done: applied operations, comparisons with values, look-alike checks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from unicodedata import normalize
from unittest.mock import patch as replaced

import pytest

from domain.changes.users import Users
from domain.effort import Effort
from domain.errors import InvalidValue, OutOfTime, ScimError, TooMany
from domain.filter import compile_filter, cost_of_filter, parse
from domain.filter import matcher as matching
from domain.limits import MAX_COMPARISONS, MAX_COMPARISONS_OF_A_QUERY, MAX_OPERATIONS, MAX_VALUES
from domain.patch import engine
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN, USER
from domain.tolerances import Strict, Tolerant
from support.memory import InMemoryUsers
from support.patch_users import message

Json = dict[str, Any]
NOW = "2030-01-01T00:00:00.000Z"


@dataclass
class Countdown:
    """A deadline that comes when it was asked for so often."""

    left: int = 10**9

    def remaining(self) -> float:
        self.left -= 1
        return 1.0 if self.left > 0 else 0.0


@dataclass
class Service:
    """One user with the given number of phone numbers, in a separate store."""

    values: int = MAX_VALUES
    deadline: Countdown = field(default_factory=Countdown)
    tolerant: bool = True

    def __post_init__(self) -> None:
        store = InMemoryUsers()
        self.users = Users(
            store, self.deadline, lambda: NOW, lambda: "1", Tolerant(USER) if self.tolerant else Strict(USER)
        )
        self.users.create({"schemas": [CORE_URN], "userName": "ada", "phoneNumbers": numbers(self.values)})

    def patch(self, *operations: Json) -> Json:
        return self.users.patch("1", message(*operations)).attributes


def numbers(count: int) -> list[Json]:
    return [{"value": f"n{number}"} for number in range(count)]


def refusal(request: Callable[[], object]) -> ScimError:
    with pytest.raises(ScimError) as refused:
        request()
    return refused.value


@pytest.fixture
def likenesses() -> Iterator[Any]:
    with replaced.object(engine, "likeness", wraps=engine.likeness) as counted:  # type: ignore[attr-defined]  # the module imports the name and does not export it
        yield counted


@pytest.mark.parametrize("tolerant", [True, False])
def test_operations_that_add_look_at_each_present_value_once(likenesses: Any, tolerant: bool) -> None:
    service = Service(values=300, tolerant=tolerant)

    after = service.patch(
        *({"op": "add", "path": "phoneNumbers", "value": [{"value": f"n{n}"}]} for n in range(290, 400))
    )

    assert len(after["phoneNumbers"]) == 400
    assert likenesses.call_count <= 300 + 110 * 2


def test_values_that_were_changed_in_between_are_looked_at_again() -> None:
    after = Service(values=2).patch(
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "n2"}]},
        {"op": "replace", "path": 'phoneNumbers[value eq "n2"].value', "value": "n3"},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "n2"}, {"value": "n3"}]},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "n4", "primary": True}]},
        {"op": "add", "path": "phoneNumbers", "value": [{"value": "n5", "primary": True}]},
    )

    assert [(number["value"], number.get("primary")) for number in after["phoneNumbers"]] == [
        ("n0", None), ("n1", None), ("n3", None), ("n2", None), ("n4", False), ("n5", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "operations",
    [
        [{"op": "remove", "path": "title"}] * (MAX_OPERATIONS + 1),
        [{"op": "add", "value": {f'phoneNumbers[type eq "{n}"].value': "1" for n in range(MAX_OPERATIONS + 1)}}],
        [{"op": "add", "value": {"title": "x", "name.givenName": "y"}}] * (MAX_OPERATIONS // 2 + 1),
        [{"op": "remove", "path": "phoneNumbers", "value": numbers(MAX_OPERATIONS + 1)}],
        [{"op": "remove", "path": "ims", "value": numbers(101)}] * 10,
    ],
    ids=["sent", "paths as names", "a path as a name in each", "listed", "listed in each"],
)
def test_operations_are_counted_as_they_are_applied(operations: list[Json]) -> None:
    with replaced("domain.patch.apply", wraps=engine.apply) as applied:
        refused = refusal(lambda: Service(values=1).patch(*operations))

    assert isinstance(refused, TooMany)
    assert str(MAX_OPERATIONS) in refused.detail
    assert applied.call_count <= MAX_OPERATIONS


@pytest.mark.parametrize(
    ("operation", "parts"),
    [
        ({"op": "replace", "path": "title", "value": "x"}, 1),
        ({"op": "Replace", "value": {"title": "x", "active": "True"}}, 1),
        ({"op": "Replace", "value": {"title": "x", "name.givenName": "y", f"{ENTERPRISE_URN}:department": "z"}}, 3),
        ({"op": "Add", "path": 'phoneNumbers[type eq "work"].value', "value": "1"}, 1),
        ({"op": "Remove", "path": "phoneNumbers", "value": numbers(3)}, 3),
        ({"op": "Remove", "path": 'phoneNumbers[value eq "n1"].value'}, 2),
        ({"op": "Remove", "path": f"{ENTERPRISE_URN}:manager", "value": {"value": "nosuch"}}, 0),
    ],
    ids=["one", "members", "names as paths", "missing value", "listed", "emptied", "nothing left"],
)
def test_the_engine_applies_each_part_of_an_operation_once(operation: Json, parts: int) -> None:
    service = Service(values=5)

    with replaced("domain.patch.apply", wraps=engine.apply) as applied:
        service.patch(operation)

    assert applied.call_count == parts


def test_as_many_operations_as_the_bound_are_applied() -> None:
    assert Service(values=1).patch(*({"op": "add", "path": "title", "value": str(n)} for n in range(MAX_OPERATIONS)))


@pytest.mark.parametrize("op", ["add", "replace"])
def test_a_patch_leaves_no_attribute_with_more_values_than_the_bound(op: str) -> None:
    refused = refusal(lambda: Service().patch({"op": op, "path": "phoneNumbers", "value": numbers(MAX_VALUES + 1)}))

    assert isinstance(refused, InvalidValue)
    assert (refused.attribute, str(MAX_VALUES) in refused.detail) == ("phoneNumbers", True)


@pytest.mark.parametrize("tolerant", [True, False])
@pytest.mark.parametrize(
    "path", ["phoneNumbers[{}]".format(" or ".join(['value eq "x"'] * 200)), "phoneNumbers.type"], ids=["filter", "all"]
)
def test_the_comparisons_of_a_patch_are_counted(path: str, tolerant: bool) -> None:
    service = Service(tolerant=tolerant)

    refused = refusal(lambda: service.patch(*[{"op": "remove", "path": path}] * 900))

    assert isinstance(refused, TooMany)
    assert str(MAX_COMPARISONS) in refused.detail
    assert service.users.effort.spent <= MAX_COMPARISONS + 200 * MAX_VALUES


def test_500_values_can_be_removed_one_by_one() -> None:
    after = Service().patch(
        *({"op": "remove", "path": f'phoneNumbers[value eq "n{n}" and not (type pr)]'} for n in range(MAX_VALUES))
    )

    assert "phoneNumbers" not in after


def test_the_operations_of_one_request_share_what_they_may_spend() -> None:
    service = Service()
    path = "phoneNumbers[{}]".format(" or ".join(['value eq "x"'] * 200))
    for _ in range(MAX_COMPARISONS // (200 * MAX_VALUES) - 1):
        service.patch({"op": "remove", "path": path})

    assert isinstance(refusal(lambda: service.patch({"op": "remove", "path": path})), TooMany)


@pytest.mark.parametrize("tolerant", [True, False])
def test_a_patch_looks_at_the_deadline_between_its_operations(tolerant: bool) -> None:
    service = Service(values=1, deadline=Countdown(left=5), tolerant=tolerant)

    with replaced("domain.patch.apply", wraps=engine.apply) as applied:
        refused = refusal(lambda: service.patch(*[{"op": "add", "path": "title", "value": str(n)} for n in range(99)]))

    assert isinstance(refused, OutOfTime)
    assert applied.call_count <= 5


# Queries


def directory(users: int, deadline: Countdown | None = None, values: int = MAX_VALUES) -> Directory:
    store = InMemoryUsers()
    for number in range(users):
        body = {"schemas": [CORE_URN], "userName": f"u{number}", "title": "é", "phoneNumbers": numbers(values)}
        store.create(StoredUser.new(f"{number:04x}", attributes_of(body, USER), NOW))
    renderer = Renderer("https://scim.example.com", Projection.of(USER), USER)
    return Directory(store, renderer, CursorSeal(b"k" * 32, "default", lambda: 0.0), Strict(USER), deadline=deadline)


@pytest.mark.parametrize("query", [{}, {"sortBy": "title"}, {"cursor": ""}], ids=str)
@pytest.mark.parametrize("prefix", ["", 'userName sw "u" and '])
def test_the_comparisons_of_a_query_are_counted(query: Json, prefix: str) -> None:
    comparisons = 250
    filter_ = prefix + "(" + " or ".join(['phoneNumbers co "zz"'] * comparisons) + ")"
    users = MAX_COMPARISONS_OF_A_QUERY // (comparisons * MAX_VALUES) + 1

    refused = refusal(lambda: directory(users).search(Query.of({"filter": filter_} | query)))

    assert isinstance(refused, TooMany)
    assert str(MAX_COMPARISONS_OF_A_QUERY) in refused.detail


def test_a_query_looks_at_the_deadline_between_users() -> None:
    deadline = Countdown(left=5)

    refused = refusal(lambda: directory(20, deadline, 1).search(Query.of({"filter": 'title co "x"'})))

    assert isinstance(refused, TooMany)
    assert deadline.left == 0


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ('title eq "x"', 1),
        ('phoneNumbers.value eq "x"', 3),
        ('phoneNumbers[value eq "x" and type eq "y"]', 6),
        ('title eq "x" and not (phoneNumbers pr or roles eq "x")', 4),
    ],
)
def test_a_comparison_counts_once_for_each_value_that_it_may_look_at(text: str, cost: int) -> None:
    assert cost_of_filter(parse(text, USER))({"phoneNumbers": numbers(3)}) == cost


@pytest.mark.parametrize(
    ("filter_", "resource"),
    [
        ('title co "x"', lambda text: {"title": text}),
        ('name.formatted co "x"', lambda text: {"name": {"formatted": text}}),
        ('phoneNumbers.display co "x"', lambda text: {"phoneNumbers": [{"value": "1", "display": text}]}),
        ('photos[value co "x"]', lambda text: {"photos": [{"value": text}]}),
        (f'{ENTERPRISE_URN}:department co "x"', lambda text: {ENTERPRISE_URN: {"department": text}}),
    ],
)
def test_a_comparison_with_a_long_text_counts_by_what_its_form_takes(
    filter_: str, resource: Callable[[str], Json]
) -> None:
    cost = cost_of_filter(parse(filter_, USER))
    of = [cost(resource(text)) for text in ("x" * 200, "é" * 200, "x" * 4_096, "é" * 4_096, "\ufdfa" * 4_096)]

    assert of[0] == of[1] < of[2] < of[3] < of[4]
    assert of[3] - of[1] >= 1_000
    assert of[4] - of[1] >= 18_000
    assert cost_of_filter(parse(f"{filter_} or {filter_}", USER))(resource("é" * 4_096)) == 2 * of[3]


@pytest.mark.parametrize("letter", ["\ufdfa", "\ufdfb"])
def test_a_short_text_that_normalising_makes_long_counts_as_long(letter: str) -> None:
    cost = cost_of_filter(parse('title co "x"', USER))

    assert cost({"title": letter}) == cost({"title": "é"}) == 1
    assert cost({"title": 200 * letter}) > 300


def test_no_character_grows_more_than_is_counted() -> None:
    grown = {mark: len(normalize("NFKC", mark)) for number in range(0x110000) if (mark := chr(number))}

    assert max(length for letter, length in grown.items() if letter not in "\ufdfa\ufdfb") <= 6
    assert [grown["\ufdfa"], grown["\ufdfb"]] == [18, 8]


@pytest.mark.parametrize("label", ["xn--mller-kva", "XN--MLLER-KVA"])
def test_a_comparison_with_an_address_counts_by_the_labels_that_are_decoded(label: str) -> None:
    cost = cost_of_filter(parse('emails.value co "x"', USER))
    of = [cost({"emails": [{"value": f"a@{f'{label}.' * labels}de"}]}) for labels in (0, 1, 2, 12)]

    assert of[0] == of[1] < of[2]
    assert of[3] - of[2] == 10 * (of[2] - of[1])


def test_the_texts_of_a_query_are_counted_before_they_are_normalised() -> None:
    store = InMemoryUsers()
    for number in range(60):
        body = {"schemas": [CORE_URN], "userName": f"u{number}", "title": "\ufdfa" * 4_096}
        store.create(StoredUser.new(f"{number:04x}", attributes_of(body, USER), NOW))
    found = Directory(
        store,
        Renderer("https://scim.example.com", Projection.of(USER), USER),
        CursorSeal(b"k" * 32, "default", lambda: 0.0),
        Strict(USER),
    )

    assert isinstance(refusal(lambda: found.search(Query.of({"filter": 'title co "x"'}))), TooMany)


def test_many_comparisons_make_the_form_of_each_value_once() -> None:
    filter_ = parse(" or ".join(f'title co "x{number}"' for number in range(100)), USER)
    made: list[str] = []

    def counted(text: str) -> str:
        made.append(text)
        return text

    with replaced.object(matching, "form_of", return_value=counted):
        matches = compile_filter(filter_)
    made.clear()

    assert not matches({"title": "é"})
    assert matches({"title": "x7"})
    assert made == ["é", "x7"]


def test_effort_ends_at_its_bound_and_not_before() -> None:
    effort = Effort.of_operations()
    effort.spend(MAX_COMPARISONS)

    with pytest.raises(TooMany, match=str(MAX_COMPARISONS)):
        effort.spend(1)
