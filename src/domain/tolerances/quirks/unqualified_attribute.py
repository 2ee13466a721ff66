"""`manager eq "1"`, or the path `manager`: an attribute of the Enterprise User extension without its URN."""

from __future__ import annotations

from typing import Final

from domain.resources.paths import resolve
from domain.resources.user_schema import USER
from domain.tolerances.record import Tolerance


def _spelling(name: str) -> str | None:
    if resolve(name) is not None:
        return None
    paths = (resolve(f"{extension.id}:{name}") for extension in USER.extensions)
    return next((str(path) for path in paths if path is not None), None)


TOLERANCE: Final = Tolerance(
    name="unqualified-attribute",
    source="Entra ID's reference check and its sample of a manager: learn.microsoft.com, "
    "use-scim-to-provision-users-and-groups",
    spelling=_spelling,
    leniency="unqualified_extensions",
)
