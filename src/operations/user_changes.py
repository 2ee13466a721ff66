"""What an operator does to one user, by the same rules as a SCIM request (`domain.changes.users`).

Requests of the command are read to the letter, whatever the account's mode, so that a mistyped attribute is an error.
Users have every extension that the deployment declares, also one that is switched off for the account: it is off for
the identity provider.
The deprovisioning guard neither counts nor refuses them (docs/decisions/058).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from adapters.clock import new_id, now
from adapters.environment import declared_user_type
from domain import remedies
from domain.changes.users import Users, end_memberships
from domain.documents import Json
from domain.effects import Effects
from domain.errors import InvalidPath, InvalidValue, UniquenessConflict
from domain.events.lifecycle import AttributeChange, attribute_changes
from domain.json_text import NotJson, RefusedJson, decode
from domain.messages import PATCH_OP_URN
from domain.patch import target_of
from domain.ports import ChangeableUsers, Deadline
from domain.quoting import quoted
from domain.resources.attributes import Attribute, Mutability, Type
from domain.resources.paths import is_under, resolve
from domain.resources.storable import require_storable
from domain.resources.stored_user import StoredUser
from domain.tolerances import Strict
from operations.account_users import Directory

Request = Callable[[Users], StoredUser]
"""What to do, as in `lambda users: users.delete(user_id)`."""


@dataclass(frozen=True, slots=True)
class UserChange:
    """A change of one user: before and after it (None: removed), and what it did.

    `memberships_ended` is False if those of a removed user could not all be ended.
    """

    before: StoredUser
    after: StoredUser | None
    effects: Effects = field(default_factory=Effects)
    memberships_ended: bool = True

    @property
    def is_none(self) -> bool:
        """True if the user is so already, and nothing is written."""
        return self.after is self.before

    @property
    def attributes(self) -> tuple[AttributeChange, ...]:
        """The attributes that differ, in the schema's order."""
        after = {} if self.after is None else self.after.attributes
        return attribute_changes(self.before.attributes, after, declared_user_type())

    @property
    def record(self) -> dict[str, object]:
        """What the audit says of it: names of the schema, and the access that it took away, no values."""
        changed = [] if self.after is None else [each.path for each in self.attributes]
        known = ", ".join(path for path in changed if resolve(path, declared_user_type()) is not None)
        counts = {
            "users_deactivated": self.effects.deactivated,
            "users_removed": self.effects.removed,
            "users_displaced": self.effects.displaced,
        }
        return ({"attribute": known} if known else {}) | {name: count for name, count in counts.items() if count}


@dataclass(frozen=True, slots=True)
class UserChanges:
    """Changes users of one account, for one command."""

    account: str
    directory: Directory
    deadline: Deadline

    def rehearse(self, user: StoredUser, request: Request) -> UserChange:
        """Return the change that the request would make at this moment; raises what it would raise."""
        return self._change(_Rehearsal(self.directory.users, account=self.account), user, request)

    def make(self, user: StoredUser, request: Request) -> UserChange:
        """Make the change; raises a ScimError."""
        return self._change(_Observed(self.directory.users), user, request)

    def _change(self, store: _Observed, user: StoredUser, request: Request) -> UserChange:
        effects = Effects()
        failures: list[Exception] = []

        def leave_groups(user_id: str) -> None:
            if store.is_real and (failed := end_memberships(self.directory.groups, user_id)) is not None:
                failures.append(failed)

        reader = Strict(declared_user_type())
        request(Users(store, self.deadline, now, new_id, reader, effects, on_deleted=leave_groups))
        before, after = store.written or (user, user)
        return UserChange(before, after, effects, memberships_ended=not failures)


@dataclass(slots=True)
class _Observed:
    """A store of users that notes what was written: the user before and after."""

    store: ChangeableUsers
    written: tuple[StoredUser, StoredUser | None] | None = None

    @property
    def is_real(self) -> bool:
        """False if nothing is written."""
        return True

    def get(self, user_id: str, /) -> StoredUser | None:
        return self.store.get(user_id)

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        return self.store.find_by_user_name(user_name)

    def find_by_email(self, address: str) -> StoredUser | None:
        return self.store.find_by_email(address)

    def create(self, user: StoredUser) -> None:
        self.store.create(user)

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        self.store.replace(current, replacement)
        self.written = current, replacement

    def delete(self, current: StoredUser) -> None:
        self.store.delete(current)
        self.written = current, None


@dataclass(slots=True, kw_only=True)
class _Rehearsal(_Observed):
    """The same without the write: what it would refuse is looked up."""

    account: str

    @property
    def is_real(self) -> bool:
        return False

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        require_storable(replacement)
        name = replacement.attributes["userName"]
        self._require_free("userName", name, current, self.find_by_user_name)
        for normalised, address in replacement.keys.emails.items():
            if normalised not in current.keys.emails:
                self._require_free("emails.value", address, current, self.find_by_email)
        self.written = current, replacement

    def delete(self, current: StoredUser) -> None:
        self.written = current, None

    def _require_free(
        self, attribute: str, value: str, current: StoredUser, find: Callable[[str], StoredUser | None]
    ) -> None:
        holder = find(value)
        if holder is not None and holder.id != current.id:
            raise UniquenessConflict(attribute, value, self.account)


def setting(pairs: Sequence[tuple[str, str]], removed: Sequence[str] = (), *, as_json: bool = False) -> list[Json]:
    """Return the operations of a PATCH that give attributes values and remove others; both are named by a path.

    A value is text, of a boolean attribute `true` or `false`, of a number its digits, or with `as_json` JSON. Raises
    InvalidPath for a path that is none, InvalidValue for a value that cannot be read.

    >>> setting([("title", "Head of Analysis")], ["nickName"])
    [{'op': 'replace', 'path': 'title', 'value': 'Head of Analysis'}, {'op': 'remove', 'path': 'nickName'}]
    """
    operations: list[Json] = [
        {"op": "replace", "path": path, "value": _from_json(path, text) if as_json else _typed(path, text)}
        for path, text in pairs
    ]
    for path in removed:
        _require_found(path)
    return operations + [{"op": "remove", "path": path} for path in removed]


def patch_of(operations: Sequence[Json]) -> Json:
    """Return the body of a PATCH with these operations."""
    return {"schemas": [PATCH_OP_URN], "Operations": list(operations)}


def _typed(path: str, text: str) -> Any:
    """The value of the attribute's type; text is the value of most."""
    attribute = _kept(path)
    if attribute.multi_valued or attribute.is_complex:
        raise InvalidValue(
            f"{attribute.name} is not a single text: give the value as JSON, with --json-value.",
            attribute=attribute.name,
            expected="a value as JSON",
        )
    if attribute.type is Type.BOOLEAN:
        return {"true": True, "false": False}.get(text.strip().lower(), text)
    if attribute.type in (Type.INTEGER, Type.DECIMAL):
        with suppress(NotJson, RefusedJson):
            return decode(text)
    return text


def _from_json(path: str, text: str) -> Any:
    _kept(path)
    try:
        return decode(text)
    except (NotJson, RefusedJson) as error:
        raise InvalidValue(
            f"The value of {quoted(path)} {error}. A text needs its own quotation marks: '\"Smith\"'.",
            attribute=_kept(path).name,
            expected="a value as JSON",
        ) from None


def _require_found(path: str) -> None:
    """Raise InvalidPath for a path under the URN of an extension that the command does not find."""
    folded = path.lower()
    if folded.startswith("urn:") and not is_under(folded, declared_user_type().urns):
        raise InvalidPath(
            f"The extension of {quoted(path)} was not found. {remedies.FIND_EXTENSIONS}",
            attribute="path",
            expected="an attribute of a User",
        )


def _kept(path: str) -> Attribute:
    """The attribute that a value of the path belongs to; raises InvalidValue for one whose values are dropped."""
    _require_found(path)
    attribute = target_of(path, declared_user_type()).attribute
    if attribute.mutability is Mutability.WRITE_ONLY:
        raise InvalidValue(
            f"{attribute.name} is not stored, so it cannot be set.",
            attribute=attribute.name,
            expected="no value",
        )
    return attribute
