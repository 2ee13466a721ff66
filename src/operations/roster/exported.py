"""A user as a row of CSV: every attribute for which an import knows a column, so that the row means the same user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from domain.documents import Json, encode
from domain.resources.attributes import ResourceType
from domain.resources.stored_user import StoredUser, with_defaults
from domain.resources.user_schema import USER
from operations.members import primary_email
from operations.roster.cells import InvalidCells
from operations.roster.columns import Columns, ColumnTarget, declared_targets
from operations.roster.differences import differing_attributes
from operations.roster.formulas import guarded

_EMAIL: Final = "email"
_OTHER_EMAILS: Final = ("homeEmail", "otherEmail")
_ATTRIBUTES: Final = (
    "userName", _EMAIL, "givenName", "familyName", "displayName", "active", "externalId",
    *_OTHER_EMAILS, "middleName", "fullName", "namePrefix", "nameSuffix", "nickName", "title", "userType",
    "preferredLanguage", "locale", "timezone", "profileUrl", "department", "division", "costCenter", "organization",
    "employeeNumber", "workPhone", "mobilePhone", "homePhone", "fax", "streetAddress", "locality", "region",
    "postalCode", "country", "homeStreetAddress", "homeLocality", "homeRegion", "homePostalCode", "homeCountry",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Sheet:
    """The columns of an export of users of one type, and what an import reads in them."""

    header: tuple[str, ...]
    read: Columns
    targets: Mapping[str, ColumnTarget | None]


@cache
def _sheet(resource_type: ResourceType) -> _Sheet:
    declared = (str(target) for target in declared_targets(resource_type))
    header = ("id", *_ATTRIBUTES, *declared, "created", "lastModified")
    read = Columns.of(header, resource_type=resource_type)
    return _Sheet(header, read, dict(zip(header, read.targets, strict=True)))


def columns_of(resource_type: ResourceType = USER) -> tuple[str, ...]:
    """Return the header of an export; a declared extension has a column for each single value, by its full path."""
    return _sheet(resource_type).header


COLUMNS: Final = columns_of()
"""The header of an export without declared extensions."""


def as_row(user: StoredUser, resource_type: ResourceType = USER) -> list[str]:
    """Return the values of `columns_of` the type, guarded against formulas."""
    sheet = _sheet(resource_type)
    return [guarded(_cell(name, user, sheet)) for name in sheet.header]


def left_out(user: StoredUser, resource_type: ResourceType = USER) -> set[str]:
    """Return the names of the attributes that a row does not have, or not wholly."""
    try:
        body = _sheet(resource_type).read.user(as_row(user, resource_type))
    except InvalidCells:
        return {"emails"}
    return set(differing_attributes(with_defaults(_comparable(body)), _comparable(user.attributes)))


def _comparable(attributes: Json) -> Json:
    """Return the attributes without what a row says by its order: which of the addresses is the primary one."""
    emails = attributes.get("emails")
    if not emails:
        return attributes
    return {
        **attributes, "emails": [{name: said for name, said in email.items() if name != "primary"} for email in emails]
    }  # fmt: skip


def _cell(name: str, user: StoredUser, sheet: _Sheet) -> str:
    primary = primary_email(user)
    match name:
        case "id":
            return user.id
        case "created":
            return user.created
        case "lastModified":
            return user.last_modified
        case "active":
            return "true" if user.active else "false"
        case "email":
            return primary
    target = sheet.targets[name]
    value = "" if target is None else _first(user.attributes, target)
    return "" if name in _OTHER_EMAILS and value == primary else value


def _first(attributes: Json, target: ColumnTarget) -> str:
    """Return the first value of the target's attribute, and of its type where it has several; "" if there is none."""
    found = attributes
    for step in target.steps:
        value = found.get(step.name)
        if step.multi_valued:
            value = next((each for each in value or () if each.get("type") == target.type), None)
        if not isinstance(value, dict):
            return value if isinstance(value, str) else "" if value is None else encode(value)
        found = value
    return ""
