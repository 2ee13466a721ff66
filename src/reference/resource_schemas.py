"""JSON schemas (dialect 2020-12, as OpenAPI 3.1 has it) of resources, made from the attribute tree.

A resource has two: what an answer may hold, and what a strict account accepts as the body of a POST or PUT. Every
attribute has its characteristics of RFC 7643 section 7 in `x-scim`, in the form that /Schemas gives them.
"""

from __future__ import annotations

from typing import Final

from domain.documents import Json
from domain.resources.attributes import Attribute, Content, Mutability, ResourceType, Returned, Type
from domain.resources.discovery import definition
from domain.resources.validation import MAX_INTEGER, MIN_INTEGER, most_characters

_SCALARS: Final[dict[Type, Json]] = {
    Type.BOOLEAN: {"type": "boolean"},
    Type.INTEGER: {"type": "integer", "format": "int64", "minimum": MIN_INTEGER, "maximum": MAX_INTEGER},
    Type.DECIMAL: {"type": "number", "format": "double"},
    Type.DATE_TIME: {"type": "string", "format": "date-time"},
    Type.BINARY: {"type": "string", "contentEncoding": "base64"},
}
"""All other types are text."""
_CONTENTS: Final[dict[Content, Json]] = {Content.IDENTIFIER: {"pattern": r"\S"}, Content.ADDRESS: {"pattern": "@"}}
"""What the text of an attribute has to have; the service checks more than a pattern can say."""
_PLACED_APART: Final = ("name", "description", "subAttributes")
"""What of an attribute's definition has its own place in a JSON schema."""


def answer_schema(resource_type: ResourceType) -> Json:
    """Return the schema of a resource in an answer.

    Only what is always returned is required: the query may leave the rest out.
    """
    return _of_object(resource_type.root, resource_type, in_answer=True)


def body_schema(resource_type: ResourceType) -> Json:
    """Return the schema of a resource in the body of a POST or PUT, as a strict account accepts it.

    null stands for an attribute without a value (RFC 7643 section 2.5).
    """
    return _of_object(resource_type.root, resource_type, in_answer=False)


def _of_object(container: Attribute, resource_type: ResourceType, *, in_answer: bool) -> Json:
    shown = [each for each in container.sub_attributes if not (in_answer and each.returned is Returned.NEVER)]
    required = [each.name for each in shown if (each.returned is Returned.ALWAYS if in_answer else each.required)]
    return {
        "type": "object",
        "description": container.description,
        **({"required": required} if required else {}),
        "properties": {each.name: _of_attribute(each, resource_type, in_answer=in_answer) for each in shown},
        "additionalProperties": False,
    }


def _of_attribute(attribute: Attribute, resource_type: ResourceType, *, in_answer: bool) -> Json:
    said = {"description": attribute.description} if attribute.description else {}
    marks: Json = {}
    if attribute.mutability is Mutability.READ_ONLY:
        marks["readOnly"] = True
    if attribute.returned is Returned.NEVER:
        marks["writeOnly"] = True
    if not attribute.is_extension:
        marks["x-scim"] = {name: value for name, value in definition(attribute).items() if name not in _PLACED_APART}
    if attribute.mutability is Mutability.READ_ONLY and not in_answer:
        return {**said, **marks}  # ignored, whatever it is
    single = _of_value(attribute, resource_type, in_answer=in_answer)
    if not attribute.multi_valued:
        value = single
    else:
        value = {"type": "array", "items": single}
        if attribute.required and not in_answer:
            value["minItems"] = 1
        if attribute.relation is None or not in_answer:  # what is stored apart may be more than one request sends
            value["maxItems"] = attribute.max_values
    if not (in_answer or attribute.required):
        value["type"] = [value["type"], "null"]
    return {**value, **said, **marks}


def _of_value(attribute: Attribute, resource_type: ResourceType, *, in_answer: bool) -> Json:
    if attribute.is_complex:
        schema = _of_object(attribute, resource_type, in_answer=in_answer)
        del schema["description"]
        return schema
    schema = dict(_SCALARS.get(attribute.type, {"type": "string"}))
    if attribute is resource_type.root.sub_attribute("schemas"):
        return schema | {"enum": list(attribute.canonical_values)}
    if attribute.type is Type.REFERENCE and attribute.mutability is Mutability.READ_ONLY:
        schema["format"] = "uri"  # the service makes it
    if schema["type"] == "string":
        schema |= {"maxLength": most_characters(attribute)} | _CONTENTS.get(attribute.content, {})
    return schema
