"""Data that a later release stored and this one does not know: neither refused nor lost.

While traffic moves from one release to the next both serve the same users, so this one may have to change a user that
the next one has written. It reads, computes and checks what it knows, and keeps the rest unchanged.
"""

from __future__ import annotations

from typing import Any

from domain.documents import Json
from domain.resources.attributes import Attribute, ResourceType


def known_part(stored: Json, resource_type: ResourceType) -> Json:
    """Return the attributes that this release knows; the same object when it knows all of them."""
    urns = resource_type.schema_ids
    if _is_known(stored, resource_type.root) and urns.issuperset(stored.get("schemas", ())):
        return stored
    known: Json = _known(stored, resource_type.root)
    return known | {"schemas": [urn for urn in stored.get("schemas", ()) if urn in urns]}


def with_unknown_part(changed: Json, stored: Json, resource_type: ResourceType) -> Json:
    """Return the changed attributes with the stored ones that this release does not know.

    A part of an attribute that this release does not know stays as long as the attribute itself is not changed: it may
    not fit another value.
    """
    known = known_part(stored, resource_type)
    if known is stored:
        return changed
    kept = {
        name: value
        for name, value in stored.items()
        if name not in known or (name != "schemas" and known[name] != value and changed.get(name) == known[name])
    }
    schemas = [urn for urn in stored.get("schemas", ()) if urn not in resource_type.schema_ids]
    return changed | kept | {"schemas": [*changed.get("schemas", ()), *schemas]}


def _is_known(value: Any, attribute: Attribute) -> bool:
    """Return True if all names are the schema's; called for every value of a user at each change."""
    for item in value if isinstance(value, list) else (value,):
        if not isinstance(item, dict):
            continue
        if not attribute.names.issuperset(item):
            return False
        for sub in attribute.complex_sub_attributes:
            if sub.name in item and not _is_known(item[sub.name], sub):
                return False
    return True


def _known(value: Any, attribute: Attribute) -> Any:
    if isinstance(value, dict):
        return {
            name: _known(member, sub)
            for name, member in value.items()
            if (sub := attribute.sub_attribute(name)) is not None
        }
    if isinstance(value, list):
        return [_known(item, attribute) for item in value]
    return value
