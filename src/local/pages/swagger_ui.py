"""The files of Swagger UI, which renders the OpenAPI document on the page API.

The package `flask-swagger-ui` brings them (docs/decisions/068).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

_FILES: Final = {
    "/swagger-ui/swagger-ui.css": "swagger-ui.css",
    "/swagger-ui/swagger-ui-bundle.js": "swagger-ui-bundle.js",
}


def file_name(address: str) -> str | None:
    """The name of the file at an address of this server; None when it is not a file of Swagger UI."""
    return _FILES.get(address)


@cache
def content(name: str) -> bytes:
    """The content of a file of Swagger UI."""
    import flask_swagger_ui  # imports Flask, which would slow the start of the server

    return files(flask_swagger_ui).joinpath("dist", name).read_bytes()
