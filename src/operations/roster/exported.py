"""A user as a row of CSV: every attribute for which an import knows a column, so that the row means the same user."""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.resources.stored_user import StoredUser, with_defaults
from operations.members import primary_email
from operations.roster.columns import Columns, ColumnTarget, InvalidCells
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
COLUMNS: Final = ("id", *_ATTRIBUTES, "created", "lastModified")
"""The header of an export."""
_READ: Final = Columns.of(COLUMNS)
_TARGETS: Final = dict(zip(COLUMNS, _READ.targets, strict=True))


def as_row(user: StoredUser) -> list[str]:
    """Return the values of `COLUMNS`, guarded against formulas."""
    return [guarded(_cell(name, user)) for name in COLUMNS]


def left_out(user: StoredUser) -> set[str]:
    """Return the names of the attributes that a row does not have, or not wholly."""
    try:
        body = _READ.user(as_row(user))
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


def _cell(name: str, user: StoredUser) -> str:
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
    target = _TARGETS[name]
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
            return "" if value is None else str(value)
        found = value
    return ""
