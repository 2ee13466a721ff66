"""The users of one account in DynamoDB: `domain.ports.UserStore` on the item collections of docs/data-model.md."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import Range
from adapters.dynamodb.items import USER_PROJECTION, user_of
from adapters.dynamodb.keys import Collection
from adapters.dynamodb.ranks import read_ranks
from adapters.dynamodb.scan import scan
from adapters.dynamodb.writes import UserWrites
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import CursorPage, IndexEntry, IndexPage
from domain.resources.comparison import prefix_form, unique_form
from domain.resources.stored_user import StoredUser


@dataclass(frozen=True, slots=True)
class DynamoDBUsers(UserWrites):
    """A `domain.ports.UserStore`; besides the port's errors it raises TooManyRequests or ServiceUnavailable."""

    def get(self, user_id: str) -> StoredUser | None:
        if not keys.is_user_key(user_id):
            return None
        item = self.items.get(Collection.USER, user_id, **USER_PROJECTION)
        return None if item is None else user_of(item)

    def get_many(self, user_ids: Sequence[str]) -> list[StoredUser]:
        wanted = list(dict.fromkeys(user_id for user_id in user_ids if keys.is_user_key(user_id)))
        if len(wanted) == 1:
            user = self.get(wanted[0])
            found = {} if user is None else {user.id: user}
        else:
            entries = [(Collection.USER, user_id) for user_id in wanted]
            found = {item["sk"]["S"]: user_of(item) for item in self.items.batch(entries, **USER_PROJECTION)}
        return [found[user_id] for user_id in user_ids if user_id in found]

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        value = unique_form(user_name)
        user = self._holder(Collection.USER_NAME, value)
        return user if user is not None and user.keys.user_name == value else None

    def find_by_email(self, address: str) -> StoredUser | None:
        value = unique_form(address)
        user = self._holder(Collection.EMAIL, value)
        return user if user is not None and value in user.keys.emails else None

    def _holder(self, collection: Collection, value: str) -> StoredUser | None:
        """The user that an index item names; the caller checks that they still have the value."""
        item = self.items.get(collection, keys.sort_key(value), ProjectionExpression="userId")
        return None if item is None else self.get(item["userId"]["S"])

    def find_by_external_id(self, external_id: str) -> list[StoredUser]:
        part = Range(prefix=keys.external_id_prefix(external_id))
        ids = [entry.user_id for entry in self._entries(Collection.EXTERNAL_ID, part)]
        return [user for user in self.get_many(ids) if user.keys.external_id == external_id]

    def total(self) -> int:
        return read_ranks(self.items).total

    def page(self, start_index: int, count: int) -> IndexPage:
        """Find the start of the page by the counters, then read one range from at most a few users before it."""
        ranks = read_ranks(self.items)
        first = max(0, start_index - 1)
        if count <= 0 or first >= ranks.total:
            return IndexPage(ranks.total, [])
        bucket, skipped = ranks.position(first)
        return IndexPage(ranks.total, self._users(Range(first=bucket), skipped, count))

    def page_after(self, after: str | None, count: int) -> CursorPage:
        """Read one user more than requested, to learn whether there is a next page."""
        if count <= 0:
            return CursorPage([], after)
        users = self._users(Range(after=after), 0, count + 1)
        more = len(users) > count or sum(len(user.document) for user in users) > MAX_PAGE_CHARACTERS
        users = users[:count]
        return CursorPage(users, users[-1].id if more else None)

    def _users(self, part: Range, skipped: int, count: int) -> list[StoredUser]:
        """Users from a range, after the first `skipped`; ends early past the maximum size of an answer."""
        users: list[StoredUser] = []
        size = 0
        for page in self.items.query(Collection.USER, part, limit=skipped + count, **USER_PROJECTION):
            for item in page.items[skipped:]:
                users.append(user_of(item))
                size += len(users[-1].document)
                if size > MAX_PAGE_CHARACTERS:
                    return users
            skipped = max(0, skipped - len(page.items))
        return users

    def scan(self, after: str | None = None) -> Iterator[StoredUser]:
        return scan(self.items, after)

    def user_names(
        self, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        if at_most == 0:
            return iter(())
        return self._entries(Collection.USER_NAME, Range(after=after, descending=descending), limit=at_most)

    def user_names_starting(self, prefix: str) -> Iterator[IndexEntry]:
        return self._starting(Collection.USER_NAME, prefix_form(prefix))

    def addresses_starting(self, prefix: str) -> Iterator[IndexEntry]:
        return self._starting(Collection.EMAIL, prefix_form(prefix))

    def _starting(self, collection: Collection, prefix: str) -> Iterator[IndexEntry]:
        """The entries whose value starts with the prefix, of which a sort key may contain only the first part."""
        entries = self._entries(collection, Range(prefix=keys.plain_part(prefix)))
        return (entry for entry in entries if entry.value.startswith(prefix))

    def _entries(self, collection: Collection, part: Range, *, limit: int | None = None) -> Iterator[IndexEntry]:
        for page in self.items.query(
            collection,
            part,
            limit=limit,
            ProjectionExpression="sk, userId, #value",
            ExpressionAttributeNames={"#value": "value"},
        ):
            for item in page.items:
                position = item["sk"]["S"]
                yield IndexEntry(item["value"]["S"] if "value" in item else position, item["userId"]["S"], position)
