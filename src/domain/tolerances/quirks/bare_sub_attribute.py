"""`familyName` for `name.familyName`: a sub-attribute without the one attribute that has it.

Not where several attributes have it (`formatted`), nor where the one has many values (`streetAddress`): which of them
was meant, the client must say.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import Final

from domain.resources.attributes import Attribute, Mutability, ResourceType
from domain.resources.paths import resolve
from domain.tolerances.record import Tolerance


def _owners(container: Attribute, prefix: str = "") -> dict[str, list[tuple[Attribute, str]]]:
    """The attributes that have a sub-attribute of each name, in lower case, with the path of that."""
    owners: dict[str, list[tuple[Attribute, str]]] = defaultdict(list)
    for attribute in container.sub_attributes:
        if attribute.is_extension:
            for name, found in _owners(attribute, f"{attribute.name}:").items():
                owners[name].extend(found)
            continue
        for sub in attribute.sub_attributes:
            owners[sub.name.lower()].append((attribute, f"{prefix}{attribute.name}.{sub.name}"))
    return owners


@cache
def _paths(resource_type: ResourceType) -> dict[str, str]:
    return {
        name: paths[0][1]
        for name, paths in _owners(resource_type.root).items()
        if len(paths) == 1 and not paths[0][0].multi_valued and paths[0][0].mutability is not Mutability.READ_ONLY
    }


def _spelling(name: str, resource_type: ResourceType) -> str | None:
    return _paths(resource_type).get(name.lower()) if resolve(name, resource_type) is None else None


TOLERANCE: Final = Tolerance(
    name="bare-sub-attribute",
    source="Grouper's SCIM provisioner: paths familyName, givenName, middleName",
    spelling=_spelling,
)
