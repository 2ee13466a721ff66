"""The OpenAPI document: it is valid, complete, generated from its sources, and committed as generated."""

from __future__ import annotations

from reference.__main__ import FILES, FOLDER


def test_what_is_committed_is_what_is_generated() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir()}

    assert committed == {name: text() for name, text in FILES.items()}
