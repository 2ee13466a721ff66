"""Values that are stored apart from their resources: members of groups, and the groups of users."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from domain.errors import TooMany
from domain.limits import MAX_PAGE_CHARACTERS
from domain.ports import Related, Relations
from domain.queries.related import Completed, size_of
from handlers.endpoint import ScimRequest

if TYPE_CHECKING:
    from domain.resources.stored_resource import StoredResource


def relations_of(request: ScimRequest) -> Mapping[str, Relations]:
    """Return the values of the type's resources that are stored apart, by the name of their attribute."""
    account: Any = request.account
    of_types: dict[str, Relations] = {"members": account.members, "groups": account.groups_of_users}
    return {name: of_types[name] for name in request.resource_type.relations}


def completed(request: ScimRequest, stored: StoredResource, names: Sequence[str]) -> StoredResource:
    """Return a resource with these values."""
    relations = relations_of(request)
    return shown(request, stored, {name: relations[name].of(stored.id) for name in names})


def shown(request: ScimRequest, stored: StoredResource, values: Mapping[str, Sequence[Related]]) -> StoredResource:
    """Return a resource with values that were read; raises TooMany when an answer cannot hold them."""
    with_values = Completed.of(stored, request.renderer, values)
    if size_of(with_values) > MAX_PAGE_CHARACTERS:
        names = ", ".join(values)
        raise TooMany(
            f"The {request.resource_type.noun} has more {names} than one answer holds. "
            f"Ask without them: excludedAttributes={names}.",
            attribute=names,
            remedy=f"The identity provider asks with excludedAttributes={names}.",
        )
    return with_values
