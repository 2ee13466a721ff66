"""What a request does to the values of an attribute with a `Relation`, which are stored apart: who joins, who leaves.

Values become ids, operations become a set of them; the last operation on an id decides. All present values are read
only where an operation needs them: a replacement, a removal of all, or a filter that is more than a choice of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from domain.documents import Json
from domain.effort import Effort
from domain.errors import InvalidPath, InvalidValue, MutabilityViolation, PayloadTooLarge
from domain.filter import And, Comparison, Filter, Not, Operator, Or, Present, compile_element
from domain.patch import Op, Operation, Target, require_unlisted
from domain.patch.values import element, is_unassigned
from domain.ports import Candidates, MemberChange
from domain.quoting import cut, quoted
from domain.resources.attributes import Attribute, Relation, ResourceType

_COMPARED: Final = frozenset({"value", "type"})
"""What a filter can ask of a value: the rest is not kept, or follows from the value."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is left to write: the change, the ids in the request that refer to nothing, in its order.

    `is_exact` if all present values were read, so that the change fits that version alone.
    """

    change: MemberChange
    unknown: tuple[str, ...] = ()
    is_exact: bool = False


@dataclass(slots=True)
class Membership:
    """Collects what one request does to an attribute; `present` returns all ids that are there, and is called late."""

    resource_type: ResourceType
    attribute: Attribute
    relation: Relation
    effort: Effort
    present: Callable[[], Collection[str]]
    _said: dict[str, bool] = field(default_factory=dict)
    """True for who is to be there, False for who is not."""
    _is_emptied: bool = False
    _named: int = 0
    _all: frozenset[str] | None = None

    def apply(self, operation: Operation, target: Target) -> None:
        """Take an operation on the attribute into account; raises a `ScimError` that names the attribute."""
        op, value, name = operation.op, operation.value, self.attribute.name
        if target.path.sub_attribute is not None or len(target.steps) > 1:
            raise self._immutable(f"{cut(str(target.path))} cannot be changed")
        if target.path.value_filter is not None:
            if op is not Op.REMOVE and not is_unassigned(value):
                raise self._immutable(f"A value of {name} cannot be changed")
            self._remove_matching(target.path.value_filter, target)
        elif op is Op.REMOVE:
            if operation.is_listed:
                self._say(self._ids(value, joining=False), False)
            else:
                require_unlisted(operation, target)
                self.clear()
        elif op is Op.REPLACE:
            self.replace(value)
        elif not is_unassigned(value):
            self._say(self._ids(value if isinstance(value, list) else [value]), True)

    def replace(self, value: Any) -> None:
        """Let the attribute have the given values and no others; null stands for none."""
        ids = [] if value is None else self._ids(value)
        self.clear()
        self._say(ids, True)

    def clear(self) -> None:
        """Remove all values."""
        self._said = {}
        self._is_emptied = True

    def outcome(self, candidates: Callable[[Sequence[str]], Candidates]) -> Outcome:
        """Return the changes that remain to be written, given which ids are already members and which of them exist."""
        wanted = [each for each, is_in in self._said.items() if is_in]
        if self._is_emptied or self._all is not None:
            there = self._present()
            left = there - set(wanted) if self._is_emptied else there & self._said.keys() - set(wanted)
            joining = [each for each in wanted if each not in there]
            users = candidates(joining).users if joining else frozenset()
        elif self._said:
            found = candidates(tuple(self._said))
            there, users = found.members, found.users
            left = there & self._said.keys() - set(wanted)
            joining = [each for each in wanted if each not in there or each not in users]
        else:
            return Outcome(MemberChange())
        joined = sorted(each for each in joining if each in users)
        unknown = tuple(each for each in joining if each not in users)
        return Outcome(MemberChange(tuple(joined), tuple(sorted(left))), unknown, self._all is not None)

    def _present(self) -> frozenset[str]:
        if self._all is None:
            self._all = frozenset(self.present())
        return self._all

    def _say(self, ids: Sequence[str], is_in: bool) -> None:
        self._said.update(dict.fromkeys(ids, is_in))

    def _remove_matching(self, wanted: Filter, target: Target) -> None:
        chosen = _chosen(wanted)
        if chosen is None:
            self._require_comparable(wanted, target)
            there = frozenset() if self._is_emptied else self._present()
            ids = [each for each in there if self._said.get(each, True)]
            ids += [each for each, is_in in self._said.items() if is_in and each not in there]
            values = [{"value": each, "type": self.relation.type} for each in ids]
            self.effort.spend(target.cost({self.attribute.name: values}))
            chosen = [item["value"] for item in values if compile_element(wanted)(item)]
        self._say(chosen, False)

    def _require_comparable(self, wanted: Filter, target: Target) -> None:
        for name in _names(wanted):
            if name not in _COMPARED:
                raise InvalidPath(
                    f"{cut(str(target.path))} selects {self.attribute.name} by {name}, which is not supported. Select "
                    f'them by value, for example {self.attribute.name}[value eq "..."].',
                    attribute=self.attribute.name,
                    expected=f'a path, for example {self.attribute.name}[value eq "..."]',
                )

    def _immutable(self, problem: str) -> MutabilityViolation:
        name = self.attribute.name
        return MutabilityViolation(
            f"{problem}: its sub-attributes are immutable. Add the new value to {name}, and remove the old one with "
            f'the path {name}[value eq "..."].',
            attribute=name,
            expected="whole values, added or removed",
            remedy=f"Add and remove whole values of {name}.",
        )

    def _ids(self, value: Any, *, joining: bool = True) -> list[str]:
        """Return the ids that a list of values refers to; raises InvalidValue, InvalidSyntax, PayloadTooLarge."""
        attribute = self.attribute
        if not isinstance(value, list):
            raise InvalidValue(f"{attribute.name} takes an array.", attribute=attribute.name, expected="an array")
        self._named += len(value)
        if self._named > attribute.max_values:
            raise PayloadTooLarge(
                f"The request has {self._named} {attribute.name}; one request may have {attribute.max_values}. Send "
                "the rest in further requests.",
                attribute=attribute.name,
                remedy=f"Send at most {attribute.max_values} values of {attribute.name} in each request.",
            )
        return [self._id(item, position, joining) for position, item in enumerate(value)]

    def _id(self, item: Any, position: int, joining: bool) -> str:
        name, relation = self.attribute.name, self.relation
        kept = self._element(item, f"{name}[{position}]")
        identifier: str = kept.get("value", "")
        if not identifier.strip():
            raise InvalidValue(
                f"{name}[{position}].value is missing or empty. Send the id of a {relation.noun}.",
                attribute=f"{name}.value",
                expected=f"the id of a {relation.noun}",
            )
        if joining and (kept.get("type", relation.type).lower() != relation.type.lower() or self._is_nested(kept)):
            raise self.nested(identifier)
        return identifier

    def _element(self, item: Any, place: str) -> Json:
        """Return the members of one value; the error for one of a wrong type names its place in the list."""
        name = self.attribute.name
        if not isinstance(item, dict):
            raise InvalidValue.must_be("an object", attribute=name, place=place)
        try:
            kept: Json = element(item, self.attribute.single)
        except InvalidValue as error:  # its text begins with the name of the sub-attribute
            raise InvalidValue(
                f"{place}.{error.detail}", attribute=f"{name}.{error.attribute}", expected=error.expected
            ) from None
        return kept

    def _is_nested(self, kept: Json) -> bool:
        """Return True if `$ref` is the URI of a resource of the type that has the attribute."""
        reference = kept.get("$ref")
        if reference is None:
            return False
        segments = reference.partition("?")[0].rstrip("/").lower().split("/")
        return len(segments) > 1 and f"/{segments[-2]}" == self.resource_type.endpoint.lower()

    def nested(self, identifier: str) -> InvalidValue:
        """Return the error for a value that is not a `Relation.noun`."""
        name, noun, of = self.attribute.name, self.relation.noun, self.resource_type.noun
        return InvalidValue(
            f"{name} has {quoted(identifier)}, which is not a {noun}: nested {of}s are not supported. Send the "
            f"{noun}s of that {of} instead.",
            attribute=name,
            expected=f"ids of {noun}s, not of {of}s",
            reason=f"nested-{of}s",
            remedy=f"Have the identity provider send the {noun}s of a nested {of} instead of the {of}.",
        )


def _chosen(wanted: Filter) -> list[str] | None:
    """Return the ids that a filter names, if it is a choice of them: `value eq "1" or value eq "2"`."""
    match wanted:
        case Comparison(path, Operator.EQ, str(value)) if path.attribute.name == "value":
            return [value]
        case Or(operands):
            parts = [_chosen(operand) for operand in operands]
            return None if None in parts else [each for part in parts if part is not None for each in part]
    return None


def _names(wanted: Filter) -> set[str]:
    """Return the names of the sub-attributes that a filter compares."""
    match wanted:
        case And(operands) | Or(operands):
            return {name for operand in operands for name in _names(operand)}
        case Not(operand):
            return _names(operand)
        case Comparison(path) | Present(path):
            return {path.attribute.name}
    return set()
