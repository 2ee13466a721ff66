"""The users of one account in DynamoDB: `domain.ports.UserStore` on the item collections of docs/data-model.md."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from adapters.dynamodb.items import USER_OWNER, USER_PROJECTION, Kind, UniqueIndex, user_of
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.resources import ResourceReads
from adapters.dynamodb.writes import UserWrites
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import EMAIL, USER_NAME

_USERS: Final[Kind[StoredUser]] = Kind(
    collection=Collection.USER,
    ranks=Collection.RANK,
    external_ids=Collection.EXTERNAL_ID,
    unique={
        USER_NAME.name: UniqueIndex(Collection.USER_NAME, lambda user: (user.keys.user_name,)),
        EMAIL.name: UniqueIndex(Collection.EMAIL, lambda user: user.keys.emails),
    },
    owner=USER_OWNER,
    projection=USER_PROJECTION,
    record_of=user_of,
    external_id=lambda user: user.keys.external_id,
)


@dataclass(frozen=True, slots=True)
class DynamoDBUsers(UserWrites, ResourceReads[StoredUser]):
    """A `domain.ports.UserStore`; besides the port's errors it raises TooManyRequests or ServiceUnavailable."""

    @property
    def kind(self) -> Kind[StoredUser]:
        return _USERS

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        return next(iter(self.find(USER_NAME, user_name)), None)

    def find_by_email(self, address: str) -> StoredUser | None:
        return next(iter(self.find(EMAIL, address)), None)
