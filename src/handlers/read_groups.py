"""The function of all requests that read groups: GET /Groups/{id}, GET /Groups and POST /Groups/.search."""

from __future__ import annotations

from typing import Final

from handlers.several_routes import SeveralRoutes

handler: Final = SeveralRoutes.of("read_groups")
