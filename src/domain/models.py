"""Pydantic models of the User and its extension, made from the attribute tree (`domain.user_schema`).

They check types and nothing else: what arrives here has canonical names, no unassigned values and no readOnly ones
(`domain.resource`). A valid document passes unchanged, so nothing is dumped back.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    create_model,
)

from domain.attributes import Attribute, Type
from domain.user_schema import ENTERPRISE_URN, USER

_CONFIG: Final = ConfigDict(extra="forbid", frozen=True)


def _not_blank(value: str) -> str:
    if not value.strip():
        raise ValueError("must not be empty")
    return value


def _address(value: str) -> str:
    """Only what an index needs: a local part and a domain. Identity providers send `a@localhost` and test domains."""
    local, at, domain = value.strip().rpartition("@")
    if not (local and at and domain):
        raise ValueError("must be an e-mail address such as name@example.com")
    return value


_SCALARS: Final[dict[Type, Any]] = {
    Type.STRING: StrictStr,
    Type.REFERENCE: StrictStr,
    # Kept as text: certificates arrive with and without padding, and validators send arbitrary letters.
    Type.BINARY: StrictStr,
    Type.DATE_TIME: StrictStr,
    Type.BOOLEAN: StrictBool,
    Type.INTEGER: StrictInt,
    Type.DECIMAL: StrictFloat | StrictInt,
}

_FORMS: Final = {
    "userName": AfterValidator(_not_blank),
    "emails.value": AfterValidator(_address),
}


def _annotation(attribute: Attribute, path: str) -> Any:
    if attribute.is_complex:
        annotation: Any = _model(attribute, path)
    else:
        annotation = _SCALARS[attribute.type]
        if path in _FORMS:
            annotation = Annotated[annotation, _FORMS[path]]
    return list[annotation] if attribute.multi_valued else annotation


def _field_name(attribute: Attribute) -> str:
    """A Python name for the attribute; the attribute's own name is the alias."""
    if attribute.is_extension:
        return next(schema.name for schema in USER.extensions if schema.id == attribute.name)
    return attribute.name.removeprefix("$")


def _model(attribute: Attribute, path: str = "") -> type[BaseModel]:
    prefix = f"{path}." if path else ""
    fields: dict[str, Any] = {}
    for sub in attribute.sub_attributes:
        if not sub.is_kept:
            continue
        default = ... if sub.required else None
        fields[_field_name(sub)] = (_annotation(sub, prefix + sub.name), Field(default, alias=sub.name))
    name = "EnterpriseUser" if attribute.name == ENTERPRISE_URN else attribute.name[0].upper() + attribute.name[1:]
    return create_model(name, __config__=_CONFIG, __doc__=attribute.description, **fields)


User: Final = _model(USER.root)
"""The User with the Enterprise User extension under its URN; `model_validate` raises pydantic's ValidationError."""

EnterpriseUser: Final[type[BaseModel]] = User.model_fields["EnterpriseUser"].annotation  # type: ignore[assignment]
"""The Enterprise User extension (RFC 7643 section 4.3)."""
