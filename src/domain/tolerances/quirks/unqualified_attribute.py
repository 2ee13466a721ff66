"""`manager eq "1"`, or the path `manager`: an attribute of an extension without its URN."""

from __future__ import annotations

from typing import Final

from domain.resources.attributes import ResourceType
from domain.resources.paths import of_an_extension, resolve
from domain.tolerances.record import Tolerance


def _spelling(name: str, resource_type: ResourceType) -> str | None:
    path = None if resolve(name, resource_type) is not None else of_an_extension(name, resource_type)
    return None if path is None else str(path)


TOLERANCE: Final = Tolerance(
    name="unqualified-attribute",
    source="Entra ID's reference check and its sample of a manager: learn.microsoft.com, "
    "use-scim-to-provision-users-and-groups",
    spelling=_spelling,
    leniency="unqualified_extensions",
)
