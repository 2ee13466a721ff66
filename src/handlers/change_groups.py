"""The function of all requests that change groups: POST /Groups, and PUT, PATCH and DELETE /Groups/{id}."""

from __future__ import annotations

from typing import Final

from handlers.several_routes import SeveralRoutes

handler: Final = SeveralRoutes.of("change_groups")
