"""The common part of list and search of groups, and of the search of all resources."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from domain.queries.cursor import CursorSeal
from domain.queries.everything import Everything, as_part
from domain.queries.listing import Directory
from domain.queries.projection import Projection
from domain.queries.rendering import Renderer
from domain.resources.attributes import ResourceType
from domain.resources.group_schema import GROUP
from domain.tolerances import Reader, reader_for
from handlers import user_queries
from handlers.endpoint import ScimRequest
from handlers.relations import relations_of_groups


def directory_of(request: ScimRequest, renderer: Renderer) -> Directory:
    """Return the groups of the request's account for queries, shown by `renderer`."""
    return Directory(
        request.account.groups,
        renderer,
        CursorSeal(request.caller.sealing_key, request.caller.account, time.time),
        _reader(request, GROUP),
        relations_of_groups(request),
        deadline=request.deadline,
        bound_to=f"{GROUP.endpoint}\n",
    )


def everything_of(request: ScimRequest, parameters: Mapping[str, Any]) -> Everything:
    """Return the users and groups of the request's account for a query at the server root.

    `parameters` are those of the query, of which `attributes` and `excludedAttributes` say what is shown.
    """

    def renderer(resource_type: ResourceType) -> Renderer:
        wanted, excluded = parameters.get("attributes"), parameters.get("excludedAttributes")
        return Renderer(request.http.base_url, Projection.of(resource_type, wanted, excluded), resource_type)

    def reader(resource_type: ResourceType) -> Reader:
        return _reader(request, resource_type)

    users = user_queries.directory_of(request, renderer(request.user_type))
    groups = directory_of(request, renderer(GROUP))
    return Everything([as_part(users, [GROUP], reader), as_part(groups, [request.user_type], reader)])


def _reader(request: ScimRequest, resource_type: ResourceType) -> Reader:
    return reader_for(resource_type, tolerant=request.caller.settings.is_tolerant, noted=request.noted)
