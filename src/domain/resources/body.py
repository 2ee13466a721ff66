"""From the body of a POST or PUT to the attributes to store, strictly as RFC 7643 and 7644 have it.

Known deviations from the RFC are rewritten before (`domain.tolerances`).
"""

from __future__ import annotations

from typing import Any, Final

from pydantic_core import ValidationError

from domain.documents import Json
from domain.errors import InvalidSyntax, InvalidValue
from domain.quoting import cut, quoted
from domain.resources.attributes import Attribute, ResourceType
from domain.resources.validation import Unacceptable, validator_of

_MAX_PROBLEMS_SHOWN: Final = 3
_EXPECTED: Final = {
    "string_type": "a string",
    "string_unicode": "valid Unicode text",
    "bool_type": "true or false",
    "int_type": "an integer",
    "greater_than_equal": "an integer of 64 bits",
    "less_than_equal": "an integer of 64 bits",
    "float_type": "a number",
    "finite_number": "a number that a 64-bit float can hold",
    "list_type": "an array",
    "dict_type": "an object",
}
"""What has to be in place of a value of another type."""


def attributes_of(body: Json, resource_type: ResourceType) -> Json:
    """Return the attributes to store from the body of a POST or PUT, checked.

    Names in any case become the schema's own; null, empty arrays and empty objects are unassigned (RFC 7643 section
    2.5); readOnly attributes are ignored (RFC 7644 section 3.3), the password is not kept.
    Raises InvalidSyntax, InvalidValue or PayloadTooLarge, each naming the attribute.
    """
    return checked(_read(body, resource_type.root), resource_type)


def checked(attributes: Json, resource_type: ResourceType) -> Json:
    """Check the attributes and return them with `schemas` in step; raises what `attributes_of` raises.

    `attributes` has canonical names and no unassigned values, as from `attributes_of` or the PATCH engine.
    """
    _check_types(attributes, resource_type)
    _check_primaries(attributes)
    resource_type.check(attributes)
    return attributes | {"schemas": _schemas(attributes, resource_type)}


def _read(body: Json, attribute: Attribute) -> Json:
    """Return the assigned, stored members of an object, names as the schema spells them, at all depths."""
    kept: Json = {}
    for name, member in body.items():
        sub = attribute.sub_attribute(name)
        if sub is None:
            spelled, assigned = name, member
        elif not sub.is_kept:
            continue
        else:
            spelled = sub.name
            assigned = _read_value(member, sub) if sub.is_complex else member
        if assigned is None or assigned == [] or assigned == {}:
            continue
        if spelled in kept:
            raise InvalidSyntax(
                f"{quoted(spelled)} appears twice, in different cases. Send it once.",
                attribute="body" if sub is None else sub.name,
                expected="the member once",
            )
        kept[spelled] = assigned
    return kept


def _read_value(value: Any, attribute: Attribute) -> Any:
    """Return the same for one or a list of complex values; any other value is refused later."""
    if isinstance(value, dict):
        return _read(value, attribute)
    if isinstance(value, list):
        items = (_read(item, attribute) if isinstance(item, dict) else item for item in value)
        return [item for item in items if item is not None and item != {}]
    return value


def _schemas(attributes: Json, resource_type: ResourceType) -> list[str]:
    """Return `schemas` in the schema's spelling, with the extensions in use (RFC 7643 section 3)."""
    urns: list[str] = []
    for urn in attributes["schemas"]:
        known = resource_type.urns.get(urn.lower())
        if known is None:
            raise InvalidValue(
                f"schemas names {quoted(urn)}, which this service does not know. Leave it out.",
                attribute="schemas",
                expected="URNs that /Schemas lists",
            )
        if known not in urns:
            urns.append(known)
    core = resource_type.schema.id
    if core not in urns:
        raise InvalidValue(f'schemas must contain "{core}".', attribute="schemas", expected=f'a list with "{core}"')
    urns.extend(schema.id for schema in resource_type.extensions if schema.id in attributes and schema.id not in urns)
    return urns


def _check_types(attributes: Json, resource_type: ResourceType) -> None:
    try:
        validator_of(resource_type).validate_python(attributes)
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False, include_input=False)
        named = "; ".join(
            f"{_place(error['loc'])} {_message(error, resource_type)}" for error in errors[:_MAX_PROBLEMS_SHOWN]
        )
        more = len(errors) - _MAX_PROBLEMS_SHOWN
        detail = named + (f"; and {more} more" if more > 0 else "") + "."
        unknown = all(error["type"] == "extra_forbidden" for error in errors)
        wanted = {_known(error["loc"], resource_type): _expected(error, resource_type) for error in reversed(errors)}
        several = [f"{name}: {text}" for name, text in sorted(wanted.items())[:_MAX_PROBLEMS_SHOWN]]
        raise (InvalidSyntax if unknown else InvalidValue)(
            detail,
            attribute=", ".join(sorted(wanted)),
            expected="; ".join(several) if len(wanted) > 1 else next(iter(wanted.values())),
        ) from None


def _message(error: Any, resource_type: ResourceType) -> str:
    """Return the problem, to follow the place; pydantic prefixes the messages of our own checks by "Value error, "."""
    match error["type"]:
        case "extra_forbidden":
            return f"is not an attribute of a {resource_type.name}"
        case "missing":
            return "is required"
        case "string_too_long":
            return f"has more than {error['ctx']['max_length']} characters, the maximum"
        case "too_long":
            return f"has more than {error['ctx']['max_length']} values, the maximum"
    if error["type"] in _EXPECTED:
        return f"must be {_EXPECTED[error['type']]}"
    return str(error["msg"]).removeprefix("Value error, ")


def _expected(error: Any, resource_type: ResourceType) -> str:
    """Return what the place may have, without any value of the request."""
    match error["type"]:
        case "extra_forbidden":
            return f"only attributes of a {resource_type.name}"
        case "missing":
            return "a value, because the attribute is required"
        case "string_too_long":
            return f"at most {error['ctx']['max_length']} characters"
        case "too_long":
            return f"at most {error['ctx']['max_length']} values"
        case "value_error":
            return (
                error["ctx"]["error"].expected if isinstance(error["ctx"]["error"], Unacceptable) else "another value"
            )
    return _EXPECTED.get(error["type"], "another value")


def _place(location: tuple[int | str, ...]) -> str:
    """Return `("emails", 0, "value")` as `emails[0].value`, an extension's attribute as `urn:...:User:department`."""
    text = ""
    for depth, step in enumerate(location):
        if isinstance(step, int):
            text += f"[{step}]"
        elif text:
            text += (":" if depth == 1 and text.startswith("urn:") else ".") + cut(step)
        else:
            text = cut(step)
    return text


def _known(location: tuple[int | str, ...], resource_type: ResourceType) -> str:
    """Return the attribute at a place as far as the schema has names for it, never a name that a client made up."""
    attribute, names = resource_type.root, [resource_type.name]
    for step in location:
        sub = attribute.sub_attribute(step) if isinstance(step, str) else attribute
        if sub is None:
            break
        attribute, names = sub, names if sub is attribute else [*names, sub.name]
    return _place(tuple(names[1:] or names))


def _check_primaries(attributes: Json) -> None:
    """Raise InvalidValue if more than one value of an attribute is primary (RFC 7643 section 2.4)."""
    for name, value in attributes.items():
        if isinstance(value, dict) and name.startswith("urn:"):
            _check_primaries(value)
        if not isinstance(value, list) or len(value) < 2 or not isinstance(value[0], dict):
            continue
        if sum(item.get("primary") is True for item in value) > 1:
            raise InvalidValue(
                f"{name} has more than one value with primary true. Mark at most one value as primary.",
                attribute=name,
                expected="at most one value with primary true",
            )
