"""Which existing user a create may turn into: one that was never claimed, or one that was deactivated.

A match that is too wide would give a person the account of another. So both match less than uniqueness does: by
`address_form`, exactly except for ASCII case and the two forms of a domain, and by a single address. Unicode has many
letters that look, fold or decompose alike (in 2019 a password reset reached a mailbox whose name folded to another).
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.resources.comparison import address_form
from domain.resources.stored_user import StoredUser

PRIVILEGES: Final = ("roles", "entitlements", "userType")
"""What an application may grant access by (RFC 7643 section 4.1); `groups` is readOnly and never stored."""


def primary_address(attributes: Json) -> str | None:
    """Return the primary address, else the only one; None when several might be meant or there is none."""
    emails = [email for email in attributes.get("emails", ()) if email.get("value")]
    chosen = [email for email in emails if email.get("primary") is True] or emails
    return chosen[0]["value"] if len(chosen) == 1 else None


def is_adoptable(current: StoredUser | None, address: str | None) -> bool:
    """Return True if no identity provider has claimed the user, and `address` is the user's primary one."""
    if current is None or current.is_claimed or address is None:
        return False
    own = primary_address(current.attributes)
    return own is not None and address_form(own) == address_form(address)


def may_return(current: StoredUser | None, created: StoredUser) -> bool:
    """Return True if the create brings back a claimed user who was deactivated.

    The userName must be the same, and the externalId must not name another user.
    """
    if current is None or current.active or not current.is_claimed:
        return False
    held, sent = current.attributes.get("externalId"), created.attributes.get("externalId")
    if held is not None and sent is not None and held != sent:
        return False
    return address_form(current.attributes["userName"]) == address_form(created.attributes["userName"])


def without_privileges(attributes: Json) -> Json:
    """Return the attributes without those that grant access."""
    return {name: value for name, value in attributes.items() if name not in PRIVILEGES}


def without_former_privileges(changed: Json, former: Json) -> Json:
    """Return the changed attributes without the privileges from before the change."""
    kept = dict(changed)
    for name in PRIVILEGES:
        before, after = former.get(name), changed.get(name)
        if before is None or after is None:
            continue
        left = [value for value in after if value not in before] if isinstance(after, list) else after
        if left and left != before:
            kept[name] = left
        else:
            del kept[name]
    return kept


def lost_privileges(before: Json, after: Json) -> bool:
    """Return True if the user has lost any privilege."""
    return any(_values(before.get(name)) - _values(after.get(name)) for name in PRIVILEGES)


def _values(value: object) -> set[str]:
    return {repr(one) for one in value} if isinstance(value, list) else set() if value is None else {repr(value)}
