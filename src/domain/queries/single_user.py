"""Reading one user (RFC 7644 section 3.4.1), apart from changing one so that reading functions load no validation."""

from __future__ import annotations

from domain.errors import NotFound
from domain.ports import UserStore
from domain.quoting import quoted
from domain.resources.stored_user import StoredUser


def get_user(store: UserStore, user_id: str) -> StoredUser:
    """Return the user of that id, active or not; raises NotFound for any other id."""
    user = store.get(user_id)
    if user is None:
        raise NotFound(
            f"There is no user with id {quoted(user_id)}. It may have been deleted; look the user up by userName.",
            reason="no-such-user",
            remedy="The identity provider looks the user up again and creates it if it is gone.",
        )
    return user
