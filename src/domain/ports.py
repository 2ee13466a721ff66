"""What the domain needs from outside: stores for the users and the groups of one account, and a time budget.

Adapters implement these: DynamoDB (`adapters.dynamodb`) and an in-memory twin for tests; both pass one contract suite.
Values are named tuples, since every function imports this: making a dataclass takes four times as long at its start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from domain.resources.attributes import Index
from domain.resources.stored_resource import StoredResource
from domain.resources.stored_user import StoredUser

if TYPE_CHECKING:
    from domain.resources.stored_group import StoredGroup

Record_co = TypeVar("Record_co", bound=StoredResource, covariant=True)


class VersionMismatch(Exception):
    """The user or group is no longer at the version that was read: another request changed or deleted it in between."""


class Deadline(Protocol):
    """The time left for a request."""

    def remaining(self) -> float:
        """Seconds left, never negative."""


class IndexPage(NamedTuple, Generic[Record_co]):
    """One page by index: how many resources there are, and those of the page in order of id."""

    total: int
    resources: Sequence[Record_co]


class CursorPage(NamedTuple, Generic[Record_co]):
    """One page by cursor: resources in order of id after the cursor's, and the id to continue after, if any."""

    resources: Sequence[Record_co]
    next_after: str | None


class IndexEntry(NamedTuple):
    """A normalised value of an index, such as a userName, and the id of the resource that has it."""

    value: str
    resource_id: str
    position: str
    """In the order of the values up to their first 900 bytes; at most 1,000 bytes long."""


class Readable(Protocol[Record_co]):
    """The resources of one type in one account, read one by one.

    Every read sees every write that was answered before it. What does not finish in time raises
    `domain.errors.ServiceUnavailable`, or `TooManyRequests` when the table throttles.
    """

    def get(self, resource_id: str, /) -> Record_co | None:
        """Return the resource of that id."""


class ResourceStore(Readable[Record_co], Protocol[Record_co]):
    """The resources of one type in one account, as queries see them."""

    def get_many(self, ids: Sequence[str], /) -> Sequence[Record_co]:
        """Return the existing resources among the ids, in the order of the ids."""

    def total(self) -> int:
        """Return the exact number of resources."""

    def page(self, start_index: int, count: int) -> IndexPage[Record_co]:
        """Return the resources at the 1-based positions `start_index` to `start_index + count - 1` in order of id."""

    def page_after(self, after: str | None, count: int) -> CursorPage[Record_co]:
        """Return the first `count` resources whose id is greater than `after` (from the first when None)."""

    def scan(self, after: str | None = None) -> Iterator[Record_co]:
        """Yield all resources whose id is greater than `after`, in order of id, read ahead in parallel.

        Raises `TooMany` when the deadline comes before the end.
        """

    def find(self, index: Index, value: str) -> Sequence[Record_co]:
        """Return the resources that have the value, as it was sent, in order of id.

        `index` is one of the type's, but none of an attribute with a `Relation`.
        """

    def entries(
        self, index: Index, *, descending: bool = False, after: str | None = None, at_most: int | None = None
    ) -> Iterator[IndexEntry]:
        """Yield every value of a sorted index, or the first `at_most` after a position, in the order of positions.

        A store reads no more of its index than needed.
        """

    def entries_starting(self, index: Index, prefix: str) -> Iterator[IndexEntry]:
        """Yield the values of a sorted index that start with the `prefix_form` of `prefix`, in order of positions."""


class ChangeableUsers(Readable[StoredUser], Protocol):
    """The users of one account, as changes see them. A write is done completely or not at all."""

    def create(self, user: StoredUser) -> None:
        """Store a new user; raises `UniquenessConflict`, which names the attribute, when a unique value is taken."""

    def find_by_user_name(self, user_name: str) -> StoredUser | None:
        """Return the user of that name, without regard to case."""

    def find_by_email(self, address: str) -> StoredUser | None:
        """Return the user who has that address among `emails`, without regard to case."""

    def replace(self, current: StoredUser, replacement: StoredUser) -> None:
        """Replace `current` by `replacement`; `VersionMismatch` when that is no longer stored."""

    def delete(self, current: StoredUser) -> None:
        """Remove `current` and free its unique values; raises `VersionMismatch` when it is no longer the stored one."""


class UserStore(ResourceStore[StoredUser], ChangeableUsers, Protocol):
    """The users of one account."""


class Related(NamedTuple):
    """One value of an attribute whose values are stored apart: the id that it refers to, and what to show of it."""

    id: str
    display: str | None = None


class Relations(Protocol):
    """The values of an attribute with a `Relation`: the members of groups, or the groups of users.

    Ids of one account only. A group that was deleted has no values and is none. A user who was deleted is a member
    until the store has ended the memberships (`GroupStore.leave_all`), each with a new version of its group.
    """

    def of(self, resource_id: str, /) -> list[Related]:
        """Return all values of a resource, in order of id."""

    def among(self, resource_id: str, ids: Sequence[str], /) -> list[Related]:
        """Return those values of a resource that refer to one of the ids, in order of id."""

    def having(self, related_id: str, /) -> list[str]:
        """Return the ids of the resources that have a value which refers to the id, in order.

        Some may be of groups that were deleted a moment ago: `get_many` leaves them out.
        """


class MemberChange(NamedTuple):
    """Who joins a group and who leaves it with one write: ids of users, none in both."""

    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.joined or self.left)


class WholeGroup(NamedTuple):
    """A group and its members at the same version: ids of users in order."""

    group: StoredGroup
    members: tuple[str, ...]

    @property
    def id(self) -> str:
        """The id of the group."""
        return self.group.id

    @property
    def etag(self) -> str:
        """The entity tag of the version."""
        return self.group.etag


class Candidates(NamedTuple):
    """What the table has of the users whom a request names: who is a member, and who is a user at all."""

    members: frozenset[str]
    users: frozenset[str]


class MissingUsers(Exception):
    """Users who should join a group were deleted meanwhile: `user_ids`. Nothing was written."""

    def __init__(self, user_ids: Sequence[str]) -> None:
        super().__init__(f"{len(user_ids)} users")
        self.user_ids = tuple(user_ids)


class GroupStore(ResourceStore["StoredGroup"], Protocol):
    """The groups of one account, with their members.

    A write is seen whole or not at all. One that is too large for one transaction is decided first and then done in
    parts; what a crash leaves of it is finished before members are read, or the group is written (docs/decisions/041).
    """

    def create(self, group: StoredGroup, members: Sequence[str] = ()) -> None:
        """Store a new group; raises `UniquenessConflict` when its name is taken, `MissingUsers`."""

    def whole(self, group_id: str) -> WholeGroup | None:
        """Return the group of that id with all of its members; raises `TooMany` when they are more than an answer."""

    def candidates(self, current: StoredGroup | None, user_ids: Sequence[str]) -> Candidates:
        """Return who of these users is a member of the group that was read as `current`, and who of them exists.

        None stands for a group that is to be created, and so has no members.
        """

    def change(
        self, current: StoredGroup, changed: StoredGroup, members: MemberChange, *, exactly: bool = False
    ) -> None:
        """Write the next version of a group, with who joins and leaves.

        Where only members change and not `exactly` that version was asked for, any version of the group will do:
        requests that change other members do not stand in each other's way. Then the version written may be a later
        one than `changed` has, so an answer cannot name it. A change worked out from the whole list of members has to
        be `exactly`. `VersionMismatch` if the group, or what `members` says of somebody, is no longer as it was read;
        `UniquenessConflict`, `MissingUsers`. In a change that is too large for one transaction, who is in the group
        already, or is gone, is left out instead.
        """

    def delete(self, current: StoredGroup) -> None:
        """Remove a group and end its memberships; raises `VersionMismatch` when it is no longer the stored one."""

    def leave_all(self, user_id: str) -> int:
        """End the memberships of a user who was deleted, each with a new version of its group; return how many."""

    def finish(self, group_id: str) -> None:
        """Finish a large change of the group that is under way, unless another process is at it."""

    def clear(self, group_id: str) -> None:
        """End what is left of the memberships of a group that was deleted."""
