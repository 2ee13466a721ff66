"""Writes the pages of reference into docs/reference: `python -m reference`, or `make reference`.

Those about the commands are in `cli.reference_pages`, as only what is above the commands can read them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Final

from domain.documents import Json
from reference import openapi
from reference.collection import collection
from reference.pages.alarms import alarm_page
from reference.pages.attributes import attribute_page
from reference.pages.errors import error_page
from reference.pages.events import event_page
from reference.pages.log_fields import log_page
from reference.pages.parameters import parameter_page
from reference.paths import FOLDER


def as_json(document: Json) -> str:
    """Return the text of a JSON file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "alarms.md": alarm_page,
    "attributes.md": attribute_page,
    "errors.md": error_page,
    "events.md": event_page,
    "log-fields.md": log_page,
    "openapi.json": lambda: as_json(openapi.document()),
    "parameters.md": parameter_page,
    "rollcall.postman_collection.json": lambda: as_json(collection()),
}
"""What makes the text of each file, by the file's name."""


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(exist_ok=True)
    for name, text in FILES.items():
        (FOLDER / name).write_text(text(), encoding="utf-8")


if __name__ == "__main__":
    main()
