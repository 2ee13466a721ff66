"""What the operator's command says of extensions of the User that it does not find among those that are declared.

It finds those of the deployment as long as it was installed from the repository that was deployed, or is given the
directory (docs/extensions.md). It works with each of them, whatever an account's setting says: that setting is about
what the account's identity provider may use.
"""

from __future__ import annotations

from collections.abc import Iterable

from domain import remedies
from domain.documents import Json
from domain.resources.attributes import ResourceType


def not_found(urns: Iterable[str], resource_type: ResourceType) -> list[str]:
    """Return the URNs, in any case, of extensions that the type does not have."""
    return sorted({urn for urn in urns if urn.lower() not in resource_type.urns})


def urns_of(attributes: Json) -> list[str]:
    """Return the URNs of the extensions of which a user has attributes."""
    return [name for name in attributes if name.lower().startswith("urn:")]


def unknown_note(urns: Iterable[str], resource_type: ResourceType) -> str | None:
    """Return what to say of the URNs of which the command finds no extension; None if it finds all."""
    unknown = not_found(urns, resource_type)
    return f"The extension {', '.join(unknown)} was not found. {remedies.FIND_EXTENSIONS}" if unknown else None
