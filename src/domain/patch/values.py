"""Values of operations: structure and types checked, names canonical, unassigned members left out."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

from domain.documents import Json
from domain.errors import InvalidSyntax, InvalidValue, MutabilityViolation
from domain.quoting import quoted
from domain.resources.attributes import Attribute, Mutability, Type
from domain.resources.comparison import form_of
from domain.text import FEW_MARKS, MARKS_PROBLEM, has_too_many_marks

_KINDS: Final[dict[Type, tuple[type | tuple[type, ...], str]]] = {
    Type.BOOLEAN: (bool, "true or false"),
    Type.INTEGER: (int, "an integer"),
    Type.DECIMAL: ((int, float), "a number"),
}


def is_unassigned(value: Any) -> bool:
    """Return True for null and an empty array (RFC 7643 section 2.5)."""
    return value is None or value == []


def members(value: Any, attribute: Attribute) -> list[tuple[Attribute, Any]]:
    """Return the members of a complex attribute's value with their sub-attributes.

    Raises InvalidValue for a value that is not an object, InvalidSyntax for an unknown or repeated member.
    """
    if not isinstance(value, dict):
        raise InvalidValue(
            f"{attribute.name} takes an object with its sub-attributes.",
            attribute=attribute.name,
            expected="an object with its sub-attributes",
        )
    found: dict[str, tuple[Attribute, Any]] = {}
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        if sub is None:
            raise InvalidSyntax(
                f"{quoted(name)} is not an attribute of {_owner(attribute)}. Leave it out.",
                attribute=attribute.name,
                expected=f"only attributes of {_owner(attribute)}",
            )
        if sub.name in found:
            raise InvalidSyntax(
                f'"{sub.name}" appears twice, in different cases. Send it once.',
                attribute=sub.name,
                expected="the member once",
            )
        found[sub.name] = (sub, member)
    return list(found.values())


def scalar(value: Any, attribute: Attribute) -> Any:
    """Return the value of a simple attribute; raises InvalidValue when it has another type."""
    kind, wanted = _KINDS.get(attribute.type, (str, "a string"))
    if not isinstance(value, kind) or (isinstance(value, bool) and attribute.type is not Type.BOOLEAN):
        raise InvalidValue.must_be(wanted, attribute=attribute.name)
    if isinstance(value, str) and has_too_many_marks(value):
        # Asked here because values are folded before the result is checked as a whole.
        raise InvalidValue(
            f"{attribute.name} {MARKS_PROBLEM}. Remove them.", attribute=attribute.name, expected=FEW_MARKS
        )
    return value


def element(value: Any, attribute: Attribute) -> Any:
    """Return one value of a multi-valued attribute; a complex one without its unassigned members, perhaps empty."""
    if not attribute.is_complex:
        return scalar(value, attribute)
    kept: Json = {}
    for sub, member in members(value, attribute):
        if not is_unassigned(member):
            require_writable(sub, attribute)
            written = elements(member, sub) if sub.multi_valued else scalar(member, sub)
            if written != []:
                kept[sub.name] = written
    return kept


def elements(value: Any, attribute: Attribute) -> list[Any]:
    """Return the checked values of a multi-valued attribute; raises InvalidValue when they are not a list."""
    if not isinstance(value, list):
        raise InvalidValue(f"{attribute.name} takes an array.", attribute=attribute.name, expected="an array")
    require_bounded_values(len(value), attribute)
    return [kept for item in value if item is not None and (kept := element(item, attribute)) != {}]


def require_bounded_values(count: int, attribute: Attribute) -> None:
    """Raise InvalidValue for more values than an attribute may have."""
    if count > attribute.max_values:
        raise InvalidValue(
            f"{attribute.name} would have {count} values; it may have at most {attribute.max_values}. Send fewer "
            "values.",
            attribute=attribute.name,
            expected=f"at most {attribute.max_values} values",
        )


def require_writable(attribute: Attribute, container: Attribute | None = None) -> None:
    """Raise MutabilityViolation unless a client may change the attribute."""
    if attribute.mutability is Mutability.READ_ONLY:
        owner = f" of {container.name}" if container is not None and not container.is_extension else ""
        raise MutabilityViolation(
            f"{attribute.name}{owner} is read-only. Leave it out.",
            attribute=attribute.name,
            expected="no value, because the attribute is read-only",
        )


def likeness(value: Any, attribute: Attribute) -> Hashable:
    """Return a form that is equal for two values of a multi-valued attribute that mean the same.

    Text is compared as the attribute's caseExact says; `primary: false` means the same as no primary.
    """
    if not isinstance(value, dict):
        form: Hashable = form_of(attribute)(value) if isinstance(value, str) else value
        return form
    same = set()
    for name, member in value.items():
        sub = attribute.sub_attribute(name)
        if isinstance(member, str) and sub is not None:
            same.add((name, form_of(sub)(member)))
        elif isinstance(member, list) and sub is not None:
            same.add((name, frozenset(likeness(each, sub) for each in member)))
        elif member is not False or name != "primary":
            same.add((name, member))
    return frozenset(same)


def _owner(attribute: Attribute) -> str:
    return f"a {attribute.name}" if attribute.is_resource else attribute.name
