"""The pages of docs/reference that need the commands, and the index: `python -m cli.reference_pages`.

`make reference` runs it after `python -m reference`, which writes all others.
"""

from __future__ import annotations

from typing import Final

from cli.command_page import command_page, settings_page
from cli.main import app
from reference.markdown import prose, table
from reference.paths import FOLDER

_INDEX: Final = """
Look up a name here. Each page is generated from its source, and a test compares the two. To change a page, change its
source, which the first line of the page names, and run `make reference`.
"""
CONTENTS: Final = {
    "openapi.json": (
        "OpenAPI document",
        "Every endpoint of the API, for programs: parameters, bodies, answers",
    ),
    "rollcall.postman_collection.json": (
        "Postman collection",
        "Requests that try every endpoint",
    ),
    "attributes.md": ("Attributes", "Every attribute of users and groups: type, mutability, uniqueness, index"),
    "errors.md": ("Errors and reasons", "Every reason of a refused or failed request: status, meaning, remedy"),
    "events.md": ("Life-cycle events", "Every event with its members and an example"),
    "log-fields.md": ("Log fields and metrics", "Every field of every log line, and every metric"),
    "alarms.md": ("Alarms", "What each alarm watches, its threshold, and its entry in the runbook"),
    "parameters.md": ("Parameters and outputs", "Every parameter and output of the stack"),
    "commands.md": ("Commands of rollcall", "Every command with its arguments and options"),
    "settings.md": ("Settings of an account", "Every setting of an account: its values and its default"),
}
"""The title of each page, and what it has."""


def pages() -> dict[str, str]:
    """The texts of these pages by the names of their files."""
    return {"commands.md": command_page(app), "settings.md": settings_page(), "README.md": _index()}


def _index() -> str:
    rows = ([f"[{title}]({name})", contents] for name, (title, contents) in CONTENTS.items())
    return "\n\n".join(["# Reference", prose(_INDEX), table(["Page", "What it has"], rows)]) + "\n"


def main() -> None:
    """Write them."""
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
