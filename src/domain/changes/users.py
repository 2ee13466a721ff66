"""What can be done to a user (RFC 7644 sections 3.3, 3.5, 3.6): create, replace, patch, delete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from domain.accounts.access import is_deactivated, is_fresh, loses_identity, traced
from domain.accounts.deprovisioning import DeprovisioningGuard, Reservation
from domain.changes.patching import patched
from domain.changes.preconditions import require_match, require_retry_allowed
from domain.documents import Json
from domain.effects import Adopted, Effects, Loss
from domain.effort import Effort
from domain.errors import UniquenessConflict
from domain.ports import ChangeableUsers, Deadline, GroupStore, VersionMismatch
from domain.queries.single import existing
from domain.resources import body as resource
from domain.resources.adoption import (
    is_adoptable,
    lost_privileges,
    may_return,
    primary_address,
    without_former_privileges,
    without_privileges,
)
from domain.resources.attributes import ResourceType
from domain.resources.later_release import known_part, with_unknown_part
from domain.resources.stored_user import MADE_BY_CLIENT, StoredUser
from domain.resources.user_schema import USER
from domain.tolerances import Reader, Strict


def _nothing_more(user_id: str) -> None:
    pass


def end_memberships(groups: GroupStore, user_id: str) -> Exception | None:
    """End the memberships of a user who was deleted; return what went wrong, None if nothing did.

    It is not raised, since the user is gone and an error would deny it. The publisher does what is left.
    """
    try:
        groups.leave_all(user_id)
    except Exception as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class Users:
    """The users of one account, for one request.

    - `now` returns RFC 3339 UTC time with milliseconds, `new_id` a random id.
    - `reader` reads request bodies as the account's mode says; its type is that of the account's users.
    - `effects` counts what was done to users.
    - `guard` limits how many users may lose access; None for no limit.
    - `on_deleted` is called with the id of a user who was deleted. It must not raise: the user is gone.
    - What an identity provider may do with existing users (`accounts.account.Settings`): `adopts` those that none has
      claimed, `keeps_privileges` of those, `takes_back` those that it had deactivated.
    """

    store: ChangeableUsers
    deadline: Deadline
    now: Callable[[], str]
    new_id: Callable[[], str]
    reader: Reader = field(default_factory=lambda: Strict(USER))
    effects: Effects = field(default_factory=Effects)
    guard: DeprovisioningGuard | None = None
    adopts: bool = False
    keeps_privileges: bool = False
    takes_back: bool = False
    on_deleted: Callable[[str], None] = _nothing_more
    effort: Effort = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "effort", Effort.of_operations(self.deadline))

    @property
    def resource_type(self) -> ResourceType:
        """The type of the account's users."""
        return self.reader.resource_type

    def create(self, body: Json) -> StoredUser:
        """Create a user (RFC 7644 section 3.3); raises UniquenessConflict when userName or an address is taken.

        Where the account's settings say so, an existing user becomes the new one: a deactivated user of that userName,
        or a user of that address whom no identity provider has claimed (`domain.resources.adoption`).
        """
        sent = resource.attributes_of(self.reader.resource(body), self.resource_type)
        user = StoredUser.new(self.new_id(), sent, self.now(), MADE_BY_CLIENT)
        try:
            self.store.create(user)
        except UniquenessConflict as conflict:
            return self._instead(user, sent, conflict)
        return user

    def replace(self, user_id: str, body: Json, if_match: str | None = None) -> StoredUser:
        """Replace the user's attributes by those of the body (RFC 7644 section 3.5.1)."""
        sent, user_type = self.reader.resource(body), self.resource_type

        def replaced(current: StoredUser) -> Json:
            kept = self.reader.replacement(sent, known_part(current.attributes, user_type))
            return with_unknown_part(resource.attributes_of(kept, user_type), current.attributes, user_type)

        return self._change(user_id, if_match, replaced, put=True)

    def patch(self, user_id: str, body: Json, if_match: str | None = None) -> StoredUser:
        """Apply all of the body's operations in order, or none (RFC 7644 section 3.5.2)."""
        operations, user_type = self.reader.operations(body), self.resource_type

        def after(current: StoredUser) -> Json:
            attributes = patched(
                operations,
                known_part(current.attributes, user_type),
                user_type,
                reader=self.reader,
                effort=self.effort,
            )
            return with_unknown_part(resource.checked(attributes, user_type), current.attributes, user_type)

        return self._change(user_id, if_match, after)

    def delete(self, user_id: str, if_match: str | None = None) -> StoredUser:
        """Remove the user and free its unique values at once (RFC 7644 section 3.6); return the removed user."""
        with Reservation(self.guard, self.effects) as reservation:
            while True:
                current = existing(self.store, user_id, USER)
                require_match(if_match, current)
                if not is_fresh(current, self.now()):
                    reservation.take(current.id)
                try:
                    self.store.delete(current)
                except VersionMismatch:
                    self._require_retry_allowed(if_match)
                else:
                    reservation.use(current.id)
                    self.effects.removed += 1
                    self.effects.lost.append(Loss(current.id, "removed"))
                    break
        self.on_deleted(current.id)
        return current

    def _change(
        self, user_id: str, if_match: str | None, compute: Callable[[StoredUser], Json], *, put: bool = False
    ) -> StoredUser:
        """Read, compute, and write on condition of the version read; without If-Match, start over after a lost race."""
        with Reservation(self.guard, self.effects) as reservation:
            while True:
                current = existing(self.store, user_id, USER)
                require_match(if_match, current)
                changed = current.changed_to(compute(current), self.now(), replaced=put)
                if changed is current:
                    return current
                if self._adopts_with(current, changed):
                    attributes = changed.attributes
                    if not (put or self.keeps_privileges):
                        attributes = without_former_privileges(attributes, current.attributes)
                    changed = current.adopted(self._checked(attributes, current), changed.last_modified, self.new_id())
                try:
                    return self._put(current, changed, reservation)
                except VersionMismatch:
                    self._require_retry_allowed(if_match)

    def _adopts_with(self, current: StoredUser, changed: StoredUser) -> bool:
        """Return True if a change of an unclaimed user makes it an identity provider's own.

        A client that finds the user by the address changes it instead of creating one: it sets its externalId, or its
        own userName if it has no externalId.
        """
        if not self.adopts or current.is_claimed:
            return False
        return changed.is_claimed or changed.keys.user_name != current.keys.user_name

    def _instead(self, user: StoredUser, sent: Json, conflict: UniquenessConflict) -> StoredUser:
        """Return the existing user that becomes the new one; raises `conflict` when there is none.

        `sent` are the new user's attributes without defaults.
        """
        with Reservation(self.guard, self.effects) as reservation:
            while True:
                taken_back = self._taken_back(user, conflict)
                found = taken_back or self._adopted(sent)
                if found is None:
                    raise conflict
                current, changed = found
                if changed is current:
                    return current
                try:
                    written = self._put(current, changed, reservation)
                except VersionMismatch:
                    self._require_retry_allowed(None)
                    continue
                if taken_back:
                    self.effects.taken_back.append(written.id)
                return written

    def _taken_back(self, user: StoredUser, conflict: UniquenessConflict) -> tuple[StoredUser, StoredUser] | None:
        """Return the deactivated user of that userName, before and after its attributes are replaced by the new ones.

        The id stays, as in a replacement.
        """
        if not self.takes_back or conflict.attribute != "userName":
            return None
        current = self.store.find_by_user_name(user.attributes["userName"])
        if current is None or not may_return(current, user):
            return None
        attributes = with_unknown_part(user.attributes, current.attributes, self.resource_type)
        return current, current.changed_to(attributes, self.now(), replaced=True)

    def _adopted(self, sent: Json) -> tuple[StoredUser, StoredUser] | None:
        """Adopt the existing, unclaimed user that has the new user's primary address; return it before and after.

        The id stays, and so do attributes that the identity provider does not send. Privileges were granted to the
        former user, so they are removed unless the operator trusts the addresses.
        """
        address = primary_address(sent)
        if not self.adopts or address is None:
            return None
        current = self.store.find_by_email(address)
        if current is None or not is_adoptable(current, address):
            return None
        present = known_part(current.attributes, self.resource_type)
        if not self.keeps_privileges:
            present = without_privileges(present)
        urns = self.resource_type.schema_ids & present.keys() & sent.keys()
        extended = {urn: present[urn] | sent[urn] for urn in urns}  # their attributes stay one by one
        attributes = self._checked(present | sent | extended, current)
        return current, current.adopted(attributes, self.now(), self.new_id())

    def _checked(self, attributes: Json, current: StoredUser) -> Json:
        """Return attributes checked as far as this release knows them, with what else the user has."""
        checked = resource.checked(known_part(attributes, self.resource_type), self.resource_type)
        return with_unknown_part(checked, current.attributes, self.resource_type)

    def _put(self, current: StoredUser, changed: StoredUser, reservation: Reservation) -> StoredUser:
        """Write one change of a user and count what it did; return the user as written."""
        now = self.now()
        deactivates, displaces = is_deactivated(current, changed), loses_identity(current, changed, now)
        changed = traced(current, changed, now)
        loses = deactivates or displaces
        if loses and not is_fresh(current, now):
            reservation.take(current.id)
        self.store.replace(current, changed)
        if loses:
            reservation.use(current.id)
            self.effects.lost.append(Loss(current.id, "deactivated" if deactivates else "displaced"))
        self.effects.deactivated += deactivates
        self.effects.displaced += displaces
        if changed.adoption != current.adoption:
            dropped = lost_privileges(current.attributes, changed.attributes)
            self.effects.adopted.append(Adopted(changed.id, privileges_dropped=dropped))
        return changed

    def _require_retry_allowed(self, if_match: str | None) -> None:
        require_retry_allowed(if_match, self.deadline, USER.noun)
