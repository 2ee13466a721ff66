"""`python -m local.serve`: run the service on this machine (`make run`).

Environment: PORT (default 8080), CONNECTOR_KEY (of the account default; otherwise a new one at each start),
DYNAMODB_ENDPOINT (a running DynamoDB; otherwise moto). Exits with 0 on Ctrl-C, 1 when it cannot start, 2 when a setting
is malformed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from domain.accounts.connector_key import ConnectorKey
from handlers.routes import SETUP_PATH
from local.request_line import request_line
from local.service import SECRET_PREFIX, TABLE_NAME, CannotStart, LocalService
from operations.deployment import STATE_FILE

DEFAULT_PORT: Final = "8080"
_ENDING: Final = (signal.SIGINT, signal.SIGTERM)


class InvalidSetting(Exception):
    """An environment variable is malformed; the message is one line with what to do, without a key's text."""


def main() -> int:
    """Serve until interrupted."""
    # Blocked in all threads, the signals wait for `sigwait`, so none interrupts the start or the end. The handler is
    # never called, but without one Ctrl-C stays ignored where a shell has started the server with `&`.
    for signal_number in _ENDING:
        signal.signal(signal_number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    dim = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    try:
        service = LocalService(
            port=port(os.environ),
            key=connector_key(os.environ),
            dynamodb_endpoint=os.environ.get("DYNAMODB_ENDPOINT") or None,
            report=lambda exchange: say(request_line(exchange, dim=dim)),
        )
        with service:
            state = write_state(service)
            say(f"SCIM Connector Base URL: {service.base_url}")
            say(f"Connector Key: {service.key.text}")
            signal.sigwait(_ENDING)
            remove_state(state)
    except InvalidSetting as error:
        print(error, file=sys.stderr)
        return 2
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def port(env: Mapping[str, str]) -> int:
    """The port to serve on; 0 is any free one."""
    text = env.get("PORT") or DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise InvalidSetting(f"PORT is not a port number such as {DEFAULT_PORT}: {text!r}")
    return int(text)


def connector_key(env: Mapping[str, str]) -> ConnectorKey | None:
    """The key for the account `default`; None when the variable is not set."""
    text = env.get("CONNECTOR_KEY")
    if not text:
        return None
    key = ConnectorKey.parse(text)
    if key is None:
        raise InvalidSetting(
            "CONNECTOR_KEY is no Connector Key (rck_default_, 32 letters or digits, 6 of checksum). Leave it out "
            "to get a new one."
        )
    if key.account != "default":
        raise InvalidSetting(f"CONNECTOR_KEY is a key of the account {key.account!r}; it must be one of 'default'.")
    return key


def write_state(service: LocalService) -> Path:
    """Write the file by which `rollcall --local` in this directory finds the service. It contains no key."""
    state = Path.cwd() / STATE_FILE
    state.parent.mkdir(exist_ok=True)
    content = {
        "baseUrl": service.base_url,
        "setupPageUrl": service.address + SETUP_PATH,
        "awsEndpoint": service.aws_endpoint,
        "tableName": TABLE_NAME,
        "secretPrefix": SECRET_PREFIX,
        "activityFile": str(service.activity_file),
        "pid": os.getpid(),
    }
    state.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return state


def remove_state(state: Path) -> None:
    """Remove the file, unless a later server in the same directory has replaced it."""
    with suppress(OSError, ValueError):
        if json.loads(state.read_text(encoding="utf-8"))["pid"] == os.getpid():
            state.unlink()


def say(line: str) -> None:
    """Print one line immediately, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
