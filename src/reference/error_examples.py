"""One example of each kind of error, as the code that refuses a request words it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Final

from domain import filter as filters
from domain.accounts.authorization import bearer_key
from domain.accounts.deprovisioning import DeprovisioningPaused
from domain.accounts.rate import DEFAULT_RATE, RateLimited
from domain.changes.preconditions import require_match
from domain.documents import Json
from domain.errors import OutOfTime, ScimError, ServiceUnavailable, TooMany, TooManyWrongKeys, UniquenessConflict
from domain.limits import CURSOR_LIFETIME, MAX_EMAILS, MAX_PAGE_SIZE
from domain.messages import PATCH_OP_URN
from domain.patch import apply, parse_operations
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Query
from domain.queries.single import not_found
from domain.resources.body import attributes_of
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER

ErrorType = type[ScimError]

_ACCOUNT: Final = "default"
_NOW: Final = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
_USER: Final = {"schemas": [USER.schema.id], "userName": "rosa.keller@example.com"}
_ID: Final = "00000000-0000-4000-8000-000000000000"


def _operation(**operation: object) -> Callable[[], object]:
    """Return what applies one PATCH operation to a user."""

    def apply_it() -> object:
        [parsed] = parse_operations({"schemas": [PATCH_OP_URN], "Operations": [operation]})
        return apply(_USER, parsed, USER)

    return apply_it


def _seal(at: float) -> CursorSeal:
    return CursorSeal(b"example", _ACCOUNT, lambda: at)


def _raised(error: ScimError) -> Callable[[], object]:
    def raise_it() -> object:
        raise error

    return raise_it


_REFUSALS: Final[tuple[Callable[[], object], ...]] = (
    lambda: attributes_of(_USER | {"nickname_": "Rosa"}, USER),
    lambda: attributes_of(_USER | {"active": "yes"}, USER),
    lambda: filters.parse("userName eq", USER),
    _operation(op="replace", path="emails[", value="rosa.keller@example.com"),
    _operation(op="replace", path='emails[type eq "work"].value', value="rosa.keller@example.com"),
    _operation(op="replace", path="id", value=_ID),
    _raised(TooMany.to_read()),
    lambda: _seal(0).open("bm90LW91cnM", ""),
    lambda: _seal(CURSOR_LIFETIME + 1).open(_seal(0).seal(_ID, ""), ""),
    lambda: Query.of({"cursor": "", "count": str(MAX_PAGE_SIZE + 1)}),
    lambda: bearer_key(None),
    _raised(not_found(_ID, USER)),
    _raised(UniquenessConflict("userName", "rosa.keller@example.com")),
    lambda: require_match('W/"1"', StoredUser(_ID, 2, "", "", "{}")),
    lambda: attributes_of(_USER | {"emails": [{"value": f"{n}@example.com"} for n in range(MAX_EMAILS + 1)]}, USER),
    _raised(DeprovisioningPaused(_ACCOUNT, 10, _NOW)),
    _raised(RateLimited(_ACCOUNT, DEFAULT_RATE, 1)),
    _raised(TooManyWrongKeys(30)),
    _raised(ServiceUnavailable(OutOfTime().detail)),
)
"""Each is refused with another kind of error."""


@cache
def error_examples() -> Mapping[ErrorType, Json]:
    """Return the body of an answer by kind of error; those that need AWS, or an account that is off, have none."""
    return {type(error): error.body() for error in map(_refused, _REFUSALS)}


def _refused(refusal: Callable[[], object]) -> ScimError:
    try:
        refusal()
    except ScimError as error:
        return error
    raise AssertionError("an example of an error was not refused")
