"""Entry point of the console script: Ctrl-C ends it without a traceback, also while the commands are loaded."""

from __future__ import annotations

import sys


def main() -> None:
    """Run `rollcall`; exits with 130 after Ctrl-C."""
    try:
        from cli.main import app  # loading all commands takes a moment

        app()
    except KeyboardInterrupt:
        sys.stderr.write("rollcall: Interrupted.\n")
        sys.exit(130)
