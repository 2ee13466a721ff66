"""Data that are stored and not known here: neither refused nor lost.

A later release stored them: while traffic moves from one release to the next both serve the same users, so this one may
have to change a user that the next one has written. Or they belong to an extension that is switched off for the
account, or that the deployment declares no more. What is known is read, computed and checked, the rest stays unchanged.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

from domain.documents import Json
from domain.resources.attributes import Attribute, ResourceType, Type
from domain.resources.date_times import instant


def known_part(stored: Json, resource_type: ResourceType) -> Json:
    """Return the attributes that this release knows; the same object when it knows all of them."""
    urns, root = resource_type.schema_ids, resource_type.root
    if _is_known(stored, root) and urns.issuperset(stored.get("schemas", ())) and _is_fit(stored, resource_type):
        return stored
    known: Json = _known(stored, root)
    return known | {"schemas": [urn for urn in stored.get("schemas", ()) if urn in urns]}


def with_unknown_part(changed: Json, stored: Json, resource_type: ResourceType) -> Json:
    """Return the changed attributes with the stored ones that this release does not know.

    A part of an attribute that this release does not know stays as long as the attribute itself is not changed: it may
    not fit another value.
    """
    known = known_part(stored, resource_type)
    if known is stored:
        return changed
    kept = _unknown(changed, stored, known)
    for urn in (extension.id for extension in resource_type.extensions if extension.id in known):
        # Its attributes are as much on their own as those of the resource.
        present: Json = changed.get(urn, {})
        if own := _unknown(present, stored[urn], known[urn]):
            kept[urn] = present | own
    return changed | kept | {"schemas": _schemas(changed.get("schemas", []), stored.get("schemas", []), resource_type)}


def _unknown(changed: Json, stored: Json, known: Json) -> Json:
    """Return the stored members that are not known, or not wholly, as far as no change takes their place."""
    return {
        name: value
        for name, value in stored.items()
        if (known[name] != value and changed.get(name) == known[name] if name in known else name not in changed)
    }


def _schemas(changed: list[str], stored: list[str], resource_type: ResourceType) -> list[str]:
    """Return both, in the order in which they are stored where nothing else changes."""
    schemas = [*changed, *(urn for urn in stored if urn not in resource_type.schema_ids)]
    return stored if sorted(schemas) == sorted(stored) else schemas


def is_shown_whole(document: str, resource_type: ResourceType) -> bool:
    """Return True if all that a stored document holds may be shown; False if `shown_part` has to be asked."""
    return not resource_type.extensions or resource_type.lasting_ids.issuperset(_URNS.findall(document))


_URNS: Final = re.compile(r'"(urn:[^"\\]+)"')


def shown_part(stored: Json, resource_type: ResourceType) -> Json:
    """Return the attributes without those of extensions that resources of the type do not have, at this moment.

    The same object where there are none; called for every user that a filter is matched with.
    """
    lasting = resource_type.lasting_ids.issuperset(stored.get("schemas", ()))
    if lasting and _lasting_names(resource_type).issuperset(stored):
        return stored
    known: Json = _known({name: value for name, value in stored.items() if _is_urn(name)}, resource_type.root)
    shown = {name: known.get(name, value) for name, value in stored.items() if not _is_urn(name) or known.get(name)}
    return shown | {"schemas": [urn for urn in stored.get("schemas", ()) if urn in resource_type.schema_ids]}


@cache
def _lasting_names(resource_type: ResourceType) -> frozenset[str]:
    return resource_type.root.names - (resource_type.schema_ids - resource_type.lasting_ids)


def _is_urn(name: str) -> bool:
    return name.startswith("urn:")


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
            if (sub := attribute.sub_attribute(name)) is not None and sub.name == name and _fits(member, sub)
        }
    if isinstance(value, list):
        return [_known(item, attribute) for item in value]
    return value


def _is_fit(stored: Json, resource_type: ResourceType) -> bool:
    """Return True if all values of declared extensions have the types that are declared now."""
    declared = (urn for urn in resource_type.schema_ids - resource_type.lasting_ids if urn in stored)
    return all(stored[urn] == _known(stored[urn], _container(urn, resource_type)) for urn in declared)


def _container(urn: str, resource_type: ResourceType) -> Attribute:
    return next(each for each in resource_type.root.sub_attributes if each.name == urn)


def _fits(value: Any, attribute: Attribute) -> bool:
    """Return True if a value has the attribute's type; a deployment may have declared another one before."""
    if isinstance(value, list) is not attribute.multi_valued:
        return False
    return all(_is_of(each, attribute.type) for each in (value if attribute.multi_valued else (value,)))


def _is_of(value: Any, type_: Type) -> bool:
    if type_ is Type.BOOLEAN or isinstance(value, bool):
        return type_ is Type.BOOLEAN and isinstance(value, bool)
    match type_:
        case Type.COMPLEX:
            return isinstance(value, dict)
        case Type.INTEGER:
            return isinstance(value, int)
        case Type.DECIMAL:
            return isinstance(value, int | float)
        case Type.DATE_TIME:
            return isinstance(value, str) and instant(value) is not None
    return isinstance(value, str)
