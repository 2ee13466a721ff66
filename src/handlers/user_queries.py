"""What the functions that list and search share beside the endpoint; no other function imports the filter language."""

from __future__ import annotations

import time

from adapters.runtime import RUNTIME
from domain.filter import LookupKind, index_lookup, parse
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory, Query
from domain.queries.rendering import Renderer
from domain.resources.mask import masked
from domain.tolerances import filter_leniency
from handlers.endpoint import ScimRequest


def directory_of(request: ScimRequest, renderer: Renderer) -> Directory:
    """The users of the request's account for queries, as that renderer shows them."""
    seal = CursorSeal(request.caller.sealing_key, request.caller.account, time.time)
    matches_email = request.caller.settings.match_existing_by_email
    return Directory(request.store, renderer, seal, request.applied, matches_email, request.deadline)


def looks_up(request: ScimRequest, query: Query) -> None:
    """Where logs may hold personal data, have the request's line name, masked, whom the query looks up by an index."""
    if RUNTIME.environment.log_personal_data and query.filter is not None:
        lookup = index_lookup(parse(query.filter, filter_leniency(request.applied)))
        if lookup is not None and lookup.kind is not LookupKind.ID:
            request.record.user = masked(lookup.value)
