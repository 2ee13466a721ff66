"""Where the table has groups, memberships and large changes of members; their conversion to items, and back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from adapters.dynamodb import keys
from adapters.dynamodb.account_items import AccountItems, Action, Update
from adapters.dynamodb.failures import ConditionFailed
from adapters.dynamodb.items import SHOWN_CHARACTERS, VERSION_OF_FORM, Item, Kind, UniqueIndex
from adapters.dynamodb.keys import Collection, Entry
from adapters.dynamodb.transactions import REPORT_ITEM
from domain.ports import MemberChange
from domain.resources.group_schema import DISPLAY_NAME
from domain.resources.stored_group import StoredGroup

Values = Mapping[str, dict[str, Any] | None]
"""Attributes of an item to set, or to remove where None."""

GROUP_OWNER: Final = "groupId"
"""The attribute of an index item of groups that has the group's id."""
_BETWEEN_IDS: Final = "\n"
"""No id has a control character (`keys.is_id`)."""


def group_of(item: Item) -> StoredGroup:
    """Return the group of an item that has at least the attributes of the kind's projection."""
    return StoredGroup(
        id=item["sk"]["S"],
        version=int(item["version"]["N"]),
        created=item["created"]["S"],
        last_modified=item["lastModified"]["S"],
        document=item["document"]["S"],
        replaced="replaced" in item,
        under_way="job" in item,
        write_id=item["writeId"]["S"] if "writeId" in item else "",
    )


GROUPS: Final[Kind[StoredGroup]] = Kind(
    collection=Collection.GROUP,
    ranks=Collection.GROUP_RANK,
    external_ids=Collection.GROUP_EXTERNAL_ID,
    unique={DISPLAY_NAME.name: UniqueIndex(Collection.GROUP_NAME, lambda group: (group.keys.name,))},
    owner=GROUP_OWNER,
    projection={
        "ProjectionExpression": "sk, #document, #version, #created, #lastModified, #writeId, #job",
        "ExpressionAttributeNames": {
            "#document": "document",
            "#version": "version",
            "#created": "created",
            "#lastModified": "lastModified",
            "#writeId": "writeId",
            "#job": "job",
        },
    },
    record_of=group_of,
    external_id=lambda group: group.keys.external_id,
)


def group_entries(group: StoredGroup) -> dict[Entry, str]:
    """Return every index item that the group must have: (collection, sort key) -> its normalised value."""
    held = group.keys
    entries = {(Collection.GROUP_NAME, keys.sort_key(held.name)): held.name}
    if held.external_id is not None:
        sort_key = keys.external_id_prefix(held.external_id) + group.id
        entries[Collection.GROUP_EXTERNAL_ID, sort_key] = held.external_id
    return entries


def described(group: StoredGroup) -> dict[str, dict[str, Any] | None]:
    """Return what the attributes of a group determine in its item."""
    external_id = group.keys.external_id
    return {
        "document": {"S": group.document},
        "schemaVersion": VERSION_OF_FORM,
        "displayName": {"S": group.display_name[:SHOWN_CHARACTERS]},
        "externalId": None if external_id is None else {"S": external_id[:SHOWN_CHARACTERS]},
    }


AT_ANY_VERSION: Final = "attribute_exists(pk) AND attribute_not_exists(job) AND writeId <> :writeId"
"""The condition of a write that does not mind the version; it finds the write's own effect by its `writeId`."""


def group_update(
    items: AccountItems, group_id: str, values: Values, condition: str, compared: Item, *, next_version: bool = True
) -> Action:
    """Return the action that sets and removes attributes of a group's item, under a condition on the item as it was.

    The condition may name what is set, as `:writeId`, and what is `compared`.
    """
    kept = {name: value for name, value in values.items() if value is not None}
    removed = [f"#{name}" for name in values if name not in kept]
    expression = "SET " + ", ".join(f"#{name} = :{name}" for name in kept)
    expression += f" REMOVE {', '.join(removed)}" if removed else ""
    update = Update(
        expression + (" ADD version :one" if next_version else ""),
        {
            **{f":{name}": value for name, value in kept.items()},
            **compared,
            **({":one": {"N": "1"}} if next_version else {}),
        },
        condition,
        {f"#{name}": name for name in values},
    )
    return {"Update": {**items.target((Collection.GROUP, group_id)), **update.parameters(), **REPORT_ITEM}}


class Step(NamedTuple):
    """A user who joins a group, or leaves it."""

    joins: bool
    user_id: str


def steps_of(change: MemberChange) -> list[Step]:
    """Return the steps of a change: those who leave come first."""
    return [*(Step(False, each) for each in change.left), *(Step(True, each) for each in change.joined)]


def recorded(steps: Iterable[Step] = ()) -> Values:
    """Return the attributes of a group's item that say what a write did to the members, for readers of the stream."""
    steps = list(steps)
    joined, left = ([step.user_id for step in steps if step.joins is joins] for joins in (True, False))
    return {"joined": {"SS": joined} if joined else None, "left": {"SS": left} if left else None}


ACTIONS_OF_A_MEMBERSHIP: Final = 2
"""Its two items."""
_ACTIONS_OF_A_STEP: Final = {True: ACTIONS_OF_A_MEMBERSHIP + 1, False: ACTIONS_OF_A_MEMBERSHIP}
"""Actions by whether the user joins, and so must exist."""


def actions_of(steps: Iterable[Step]) -> int:
    """Return how many actions of a transaction the steps take."""
    return sum(_ACTIONS_OF_A_STEP[step.joins] for step in steps)


def membership_actions(items: AccountItems, group_id: str, step: Step) -> list[Action]:
    """Return the actions on a membership; the first fails for who is a member already, or is none."""
    member = items.target((Collection.MEMBER, keys.of_pair(group_id, step.user_id)))
    group_of_user = items.target((Collection.GROUP_OF, keys.of_pair(step.user_id, group_id)))
    if not step.joins:
        return [
            {"Delete": {**member, "ConditionExpression": "attribute_exists(pk)"}},
            {"Delete": group_of_user},
        ]
    return [
        items.put_action(member["Key"], {"ConditionExpression": "attribute_not_exists(pk)"}),
        items.put_action(group_of_user["Key"], {}),
    ]


def step_actions(items: AccountItems, group_id: str, step: Step) -> list[Action]:
    """Return the actions of a step: those on the membership, and for who joins one that fails for no user."""
    actions = membership_actions(items, group_id, step)
    if step.joins:
        user = items.target((Collection.USER, step.user_id))
        actions.append({"ConditionCheck": {**user, "ConditionExpression": "attribute_exists(pk)"}})
    return actions


class Placed(NamedTuple):
    """A step, and the positions in a transaction of what may fail of it."""

    step: Step
    member: int
    user: int | None

    def is_of_missing_user(self, refusal: ConditionFailed) -> bool:
        """Return True if the user who should join does not exist."""
        return self.user is not None and refusal.failed(self.user)

    def failed(self, refusal: ConditionFailed) -> bool:
        """Return True if the step did not apply: also for who is a member already, or is none."""
        return refusal.failed(self.member) or self.is_of_missing_user(refusal)


def placed(steps: Sequence[Step], first: int) -> Iterator[Placed]:
    """Yield the steps with their positions, from the position `first` on."""
    for step in steps:
        yield Placed(step, first, first + ACTIONS_OF_A_MEMBERSHIP if step.joins else None)
        first += _ACTIONS_OF_A_STEP[step.joins]


@dataclass(frozen=True, slots=True)
class Job:
    """A large change of a group's members: its id, the number of its steps, and how many of them are done."""

    group_id: str
    id: str
    size: int
    done: int

    @classmethod
    def of(cls, item: Mapping[str, Any]) -> Job | None:
        """The job that is under way in a group's item, if any."""
        if "job" not in item:
            return None
        return cls(item["sk"]["S"], item["job"]["S"], int(item["jobSize"]["N"]), int(item["jobDone"]["N"]))

    @property
    def state(self) -> Values:
        """The attributes of the group's item that say so."""
        return {"job": {"S": self.id}, "jobSize": {"N": str(self.size)}, "jobDone": {"N": str(self.done)}}

    @property
    def is_done(self) -> bool:
        """True if all steps are done, so that the job is to be closed."""
        return self.done >= self.size

    @property
    def prefix(self) -> str:
        """What the sort keys of its items start with."""
        return keys.of_pair(self.group_id, keys.of_pair(self.id))


NO_JOB: Final[Values] = {"job": None, "jobSize": None, "jobDone": None}
"""The attributes of the group's item once a job is closed."""
_STEPS_OF_AN_ITEM: Final = 4_000
"""Of a job: 150 KB of ids. A transaction takes 4 MB."""


def job_items(account: str, job: Job, steps: Sequence[Step]) -> list[Item]:
    """Return the items that hold the steps of a job, in their order."""
    items: list[Item] = []
    for number, first in enumerate(range(0, len(steps), _STEPS_OF_AN_ITEM)):
        some = steps[first : first + _STEPS_OF_AN_ITEM]
        item: Item = {**keys.key(account, Collection.GROUP_JOB, f"{job.prefix}{number:04}")}
        for name, joins in (("left", False), ("joined", True)):
            ids = [step.user_id for step in some if step.joins is joins]
            if ids:
                item[name] = {"S": _BETWEEN_IDS.join(ids)}
        items.append(item)
    return items


def steps_of_items(items: Iterable[Item]) -> list[Step]:
    """Return the steps in the items of a job, in their order."""
    return [
        Step(joins, user_id)
        for item in items
        for name, joins in (("left", False), ("joined", True))
        if name in item
        for user_id in item[name]["S"].split(_BETWEEN_IDS)
    ]
