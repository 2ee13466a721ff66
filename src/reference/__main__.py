"""Writes the pages of reference into docs/reference: `python -m reference`, or `make reference`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from domain.documents import Json
from reference import openapi
from reference.collection import collection

FOLDER: Final = Path(__file__).parents[2] / "docs" / "reference"


def as_json(document: Json) -> str:
    """Return the text of a JSON file."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


FILES: Final[Mapping[str, Callable[[], str]]] = {
    "openapi.json": lambda: as_json(openapi.document()),
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
