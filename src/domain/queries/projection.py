"""Which attributes of a resource an answer holds (RFC 7644 sections 3.4.2.5 and 3.9, RFC 7643 section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from domain.documents import Json
from domain.errors import InvalidValue
from domain.limits import MAX_NAMES
from domain.resources.attributes import Attribute, ResourceType, Returned
from domain.resources.paths import resolve

_Names = dict[str, "_Names"]
"""A tree of attribute names that were asked for; one without branches means the whole attribute."""

_Plan = dict[str, "_Plan | None"]
"""The names to keep; None keeps the whole value, a plan keeps a part of it."""


@dataclass(frozen=True, slots=True)
class Projection:
    """The attributes to return; pure, and the same for every resource of an answer."""

    plan: _Plan
    returns_everything: bool
    """True when the request names no attributes; the stored document is then returned as is."""

    @classmethod
    def of(cls, resource_type: ResourceType, attributes: object = None, excluded: object = None) -> Projection:
        """Return the projection that `attributes` and `excludedAttributes` ask for.

        Each is None, text with names separated by commas (URL parameter) or a list of names (SearchRequest). Unknown
        names are ignored, empty ones too. Raises InvalidValue when both are given, or when one is something else.
        """
        asked, left_out = _names("attributes", attributes), _names("excludedAttributes", excluded)
        if asked is not None and left_out is not None:
            raise InvalidValue(
                "attributes and excludedAttributes cannot be combined. Send one of them.",
                attribute="attributes, excludedAttributes",
                expected="one of the two",
            )
        if asked is not None:
            return cls(_including(resource_type.root, _tree(asked, resource_type)), returns_everything=False)
        if left_out is not None:
            return cls(_excluding(resource_type.root, _tree(left_out, resource_type)), returns_everything=False)
        return _everything(resource_type)

    def apply(self, resource: Json) -> Json:
        """Return the part of a resource that the answer has; the resource itself is not changed."""
        return _kept(resource, self.plan)


@cache
def _everything(resource_type: ResourceType) -> Projection:
    return Projection(_excluding(resource_type.root, {}), returns_everything=not _holds_back(resource_type.root))


def _holds_back(container: Attribute) -> bool:
    """Return True if documents have an attribute that is only returned when it is asked for."""
    return any(
        each.is_kept and each.relation is None and (each.returned is Returned.REQUEST or _holds_back(each))
        for each in container.sub_attributes
    )


def _names(parameter: str, value: object) -> list[str] | None:
    """Return the names in a parameter, or None when it has none."""
    if value is None:
        return None
    if isinstance(value, str):
        names = [name.strip() for name in value.split(",")]
    elif isinstance(value, list | tuple) and all(isinstance(name, str) for name in value):
        names = [name.strip() for name in value]
    else:
        raise InvalidValue.must_be("a list of attribute names", attribute=parameter)
    if len(names) > MAX_NAMES:
        raise InvalidValue(
            f"{parameter} has {len(names)} names; at most {MAX_NAMES} are accepted. Name fewer attributes.",
            attribute=parameter,
            expected=f"at most {MAX_NAMES} names",
        )
    return [name for name in names if name] or None


def _tree(names: Iterable[str], resource_type: ResourceType) -> _Names:
    """Return the known names as a tree; a whole attribute covers its parts."""
    tree: _Names = {}
    for path in filter(None, (resolve(name, resource_type) for name in names)):
        branch = tree
        for step in path.steps[:-1]:
            if branch.get(step.name) == {}:
                break
            branch = branch.setdefault(step.name, {})
        else:
            branch[path.attribute.name] = {}
    return tree


def _including(container: Attribute, asked: _Names) -> _Plan:
    """Return the plan for the requested attributes and those that are always returned."""
    plan: _Plan = {}
    for attribute in container.sub_attributes:
        parts = asked.get(attribute.name)
        if attribute.returned is Returned.NEVER or (parts is None and attribute.returned is not Returned.ALWAYS):
            continue
        plan[attribute.name] = _including(attribute, parts) if parts else _whole(attribute)
    return plan


def _excluding(container: Attribute, left_out: _Names) -> _Plan:
    """Return the plan for what is returned by default, without the excluded attributes."""
    plan: _Plan = {}
    for attribute in container.sub_attributes:
        parts = left_out.get(attribute.name)
        if attribute.returned is Returned.ALWAYS:
            plan[attribute.name] = _whole(attribute)
        elif attribute.returned is Returned.DEFAULT and parts != {}:
            plan[attribute.name] = _excluding(attribute, parts) if parts else _whole(attribute)
    return plan


def _whole(attribute: Attribute) -> _Plan | None:
    """Return the plan for an attribute as returned by default; None when none of its sub-attributes is held back."""
    plan = _excluding(attribute, {})
    held_back = len(plan) < len(attribute.sub_attributes) or any(plan.values())
    return plan if held_back else None


def _kept(container: Json, plan: _Plan) -> Json:
    kept: Json = {}
    for name, value in container.items():
        if name not in plan:
            continue
        part = plan[name]
        reduced: Any = value
        if part is not None:
            reduced = _kept_of_each(value, part) if isinstance(value, list) else _kept(value, part)
            if not reduced:
                continue
        kept[name] = reduced
    return kept


def _kept_of_each(values: list[Json], plan: _Plan) -> list[Json]:
    return [kept for value in values if (kept := _kept(value, plan))]
