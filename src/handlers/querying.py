"""What the functions that list and search share beside the endpoint; no other function imports the filter language."""

from __future__ import annotations

import time

from domain.cursor import CursorSeal
from domain.queries import Directory
from domain.rendering import Renderer
from handlers.endpoint import ScimRequest


def directory_of(request: ScimRequest, renderer: Renderer) -> Directory:
    """The users of the request's account for queries, as that renderer shows them."""
    seal = CursorSeal(request.caller.sealing_key, request.caller.account, time.time)
    return Directory(request.store, renderer, seal, request.applied)
