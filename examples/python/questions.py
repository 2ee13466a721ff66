"""The questions that every application asks, as docs/use-it.md shows them; copy the lines that you need."""

from __future__ import annotations

from collections.abc import Iterator

from reading import User, Users


# region user-name
def may_sign_in_as(users: Users, user_name: str) -> bool:
    user = users.by_user_name(user_name)
    return user is not None and user.active


# endregion
# region email
def may_sign_in_with_email(users: Users, address: str) -> bool:
    user = users.by_email(address)
    return user is not None and user.active


# endregion
# region external-id
def may_sign_in_with_external_id(users: Users, external_id: str) -> bool:
    found = users.by_external_id(external_id)
    return len(found) == 1 and found[0].active


# endregion
# region list
def active_users(users: Users) -> Iterator[User]:
    return (user for user in users.all() if user.active)


# endregion
# region groups
def group_names(users: Users, user: User) -> list[str]:
    return [group.display_name for group in users.groups_of(user.id)]


# endregion
# region current
def is_current(users: Users, user_id: str, version: int) -> bool:
    user = users.by_id(user_id)
    return user is not None and user.version == version


# endregion
