"""A PUT whose `emails` is null, missing, empty or without an address in it keeps the stored addresses.

JumpCloud sends `"emails": null` in its updates. An address is how a user is recognised, and unique: a message that does
not mean to change it must not lose it, nor free it for another user. PATCH can remove addresses.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.tolerances.record import Tolerance


def _replacement(body: Json, stored: Json) -> Json | None:
    sent = body.get("emails") or []
    has_address = not isinstance(sent, list) or any(not isinstance(each, dict) or each.get("value") for each in sent)
    if not stored.get("emails") or has_address:
        return None
    return body | {"emails": stored["emails"]}


TOLERANCE: Final = Tolerance(
    name="put-without-emails",
    source="JumpCloud: Paul-E/scim-v2-rust cdf46ea, src/test_data/jumpcloud_put_user_minimal.json",
    only_for=frozenset({"User"}),
    replacement=_replacement,
)
