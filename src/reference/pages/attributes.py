"""docs/reference/attributes.md: the attributes of users and groups, from the attribute tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from domain.resources.attributes import Attribute, Index, ResourceType, Schema
from domain.resources.extension_documents import extension_of
from domain.resources.group_schema import GROUP
from domain.resources.user_schema import USER, user_type
from reference.markdown import code, codes, page, prose, table
from reference.paths import ROOT

_HEADS = (
    "Attribute", "Type", "Required", "Mutability", "Returned", "Unique", "Exact case", "Index", "Description",
)  # fmt: skip

_INTRODUCTION = """
How to read the tables:

- **Attribute**: the full name, as in filters, in `attributes`, `excludedAttributes` and `sortBy`, and in
the paths of PATCH. Upper and lower case make no difference.
- **Type**: a type of RFC 7643 section 2.3. `[]` marks an attribute with several values.
- **Required**: a create or a replace without it gets 400, unless a [tolerance](../tolerances.md) fills it in. A
sub-attribute is required in each value that is sent.
- **Mutability**: `readOnly` values come from the service; `immutable` ones can be set but not changed; `writeOnly`
ones are accepted but never returned.
- **Returned**: `default` ones are in an answer unless `excludedAttributes` names them; `always` ones are in every
answer; `request` ones only if `attributes` names them; `never` ones in none.
- **Unique**: no two resources of the account may have the same value. The answer to a second one is 409.
- **Exact case**: filters distinguish upper and lower case.
- **Index**: `eq` or `sw` if an index answers a filter with that operator ([scale.md](../scale.md) has what it costs).
Any other filter reads the users or groups of the account one by one.

`GET /Schemas` returns the same definitions as JSON.
"""

_EXTENSIONS = """
A deployment may declare further attributes of users: [Attributes of your own](../extensions.md). Each is named by the
URN of its extension, a colon and its name. With the file that the guide shows, these are:
"""

_GUIDE = ROOT / "docs" / "extensions.md"


def attribute_page(types: Sequence[ResourceType] = (USER, GROUP)) -> str:
    """The page about these resource types."""
    parts = [prose(_INTRODUCTION)]
    for each in types:
        shared = [one for one in each.root.sub_attributes if one not in each.schema.attributes and not one.is_extension]
        parts += [f"## {each.name}", _about(each.schema), _table(each, (*shared, *each.schema.attributes), "")]
        for schema in each.extensions:
            parts += [
                f"### {schema.description} (extension)",
                _about(schema),
                _table(each, schema.attributes, schema.id),
            ]
    declared = extension_of(_example(), _GUIDE.name)
    parts += [
        "## Declared extensions",
        prose(_EXTENSIONS),
        _table(user_type((declared,)), declared.attributes, declared.id),
    ]
    sources = "`src/domain/resources/user_schema.py`, `group_schema.py` and `attributes.py`"
    return page("Attributes", sources, *parts)


def _example() -> str:
    """The first document that the guide shows."""
    [example, *_] = re.findall(r"```json\n(.*?)```", _GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return str(example)


def _about(schema: Schema) -> str:
    return f"Schema `{schema.id}`."


def _table(resource_type: ResourceType, attributes: Iterable[Attribute], urn: str) -> str:
    return table(_HEADS, (_row(resource_type, path, urn) for each in attributes for path in _paths((each,))))


def _paths(steps: tuple[Attribute, ...]) -> Iterator[tuple[Attribute, ...]]:
    """An attribute and all below it, each with what it is within."""
    yield steps
    for sub in steps[-1].sub_attributes:
        yield from _paths((*steps, sub))


def _row(resource_type: ResourceType, steps: tuple[Attribute, ...], urn: str) -> list[str]:
    attribute = steps[-1]
    names = tuple(step.name for step in steps)
    name = f"{urn}:{'.'.join(names)}" if urn else ".".join(names)
    text = attribute.description
    if attribute.canonical_values:
        text += f" Usual values: {codes(attribute.canonical_values)}."
    return [
        code(name),
        attribute.type.value + ("[]" if attribute.multi_valued else ""),
        "yes" if attribute.required else "",
        attribute.mutability.value,
        attribute.returned.value,
        "yes" if attribute.uniqueness.value != "none" else "",
        "yes" if attribute.case_exact else "",
        _index(resource_type.indexes, (urn, *names) if urn else names),
        text,
    ]


def _index(indexes: Iterable[Index], names: tuple[str, ...]) -> str:
    found = next((each for each in indexes if names in each.paths), None)
    return "" if found is None else "`eq`, `sw`" if found.is_sorted else "`eq`"
