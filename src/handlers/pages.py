"""The template engine of the pages: Jinja2 with automatic escaping of every value.

Only functions that serve pages import this module: identity providers' requests should not wait for the engine.
"""

from __future__ import annotations

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined


def templates_of(package: str, folder: str = "templates") -> Environment:
    """The templates in a folder of a package, such as `handlers.setup`; every value in them is escaped.

    A variable that the caller does not give is an error, not an empty place.

    >>> Environment(autoescape=True).from_string("<p>{{ name }}</p>").render(name="<b>")
    '<p>&lt;b&gt;</p>'
    """
    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )


MEDIA_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
"""The media types of the pages' files, by the end of the name."""
