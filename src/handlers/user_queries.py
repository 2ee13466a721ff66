"""The common part of list and search; no other function imports the filter language."""

from __future__ import annotations

import time

from domain.filter import Lookup, LookupKind
from domain.queries.cursor import CursorSeal
from domain.queries.listing import Directory
from domain.queries.rendering import Renderer
from domain.resources.mask import masked
from domain.resources.user_schema import USER
from domain.tolerances import reader_for
from handlers.endpoint import ScimRequest


def directory_of(request: ScimRequest, renderer: Renderer) -> Directory:
    """Return the users of the request's account for queries, shown by `renderer`.

    Where logs may contain personal data, the request's log line has the value that a filter looks up, masked.
    """

    def log_lookup(lookup: Lookup) -> None:
        if request.service.environment.log_personal_data and lookup.kind is not LookupKind.ID:
            request.record.user = masked(lookup.value)

    return Directory(
        request.account.users,
        renderer,
        CursorSeal(request.caller.sealing_key, request.caller.account, time.time),
        reader_for(USER, tolerant=request.caller.settings.is_tolerant, noted=request.noted),
        request.caller.settings.match_existing_by_email,
        request.deadline,
        log_lookup,
    )
