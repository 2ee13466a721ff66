"""`python -m local.serve`: run the service on this machine (`make run`).

Environment: PORT (default 8080), CONNECTOR_KEY (of the account default; otherwise a new one at each start),
DYNAMODB_ENDPOINT (a running DynamoDB; otherwise moto), EVENTS_FILE and EVENTS_URL (where life-cycle events
go), EVENTS_SECRET (sends them to EVENTS_URL as webhooks), ROLLCALL_SCHEMAS (a directory of extensions instead of
`schemas`). Exits with 0 on Ctrl-C, 1 when it cannot start, 2 when a setting is malformed.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from adapters.environment import InvalidEnvironment
from domain.accounts.connector_key import ConnectorKey
from domain.resources.extension_documents import InvalidExtension
from handlers.routes import SETUP_PATH
from local.embedded_aws import REGION
from local.event_delivery import is_web_address, is_webhook_secret
from local.life_cycle import EventSettings
from local.request_line import request_line
from local.service import SECRET_PREFIX, TABLE_NAME, CannotStart, LocalService
from operations.local_servers import register

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
            events=event_settings(os.environ),
            note=lambda line: print(line, file=sys.stderr, flush=True),
        )
        with service, findable(service):
            say(f"SCIM Connector Base URL: {service.base_url}")
            say(f"Connector Key: {service.key.text}")
            say(service.life_cycle.missing or f"Life-cycle events: {service.life_cycle.file}")
            say(f"For your application: {exports(service)}")
            signal.sigwait(_ENDING)
    except InvalidSetting as error:
        print(error, file=sys.stderr)
        return 2
    except (CannotStart, InvalidExtension, InvalidEnvironment) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def port(env: Mapping[str, str]) -> int:
    """The port to serve on; 0 is any free one."""
    text = env.get("PORT") or DEFAULT_PORT
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise InvalidSetting(f"PORT is not a port number, for example {DEFAULT_PORT}: {text!r}")
    return int(text)


def connector_key(env: Mapping[str, str]) -> ConnectorKey | None:
    """The key for the account `default`; None when the variable is not set."""
    text = env.get("CONNECTOR_KEY")
    if not text:
        return None
    key = ConnectorKey.parse(text)
    if key is None:
        raise InvalidSetting(
            "CONNECTOR_KEY is not a valid Connector Key. Use a key that an earlier start printed, or leave it out "
            "to get a new key."
        )
    if key.account != "default":
        raise InvalidSetting(
            f"CONNECTOR_KEY belongs to the account {key.account!r}; it must belong to the account default."
        )
    return key


def event_settings(env: Mapping[str, str]) -> EventSettings:
    """Where life-cycle events go besides the page."""
    file, url, secret = env.get("EVENTS_FILE"), env.get("EVENTS_URL"), env.get("EVENTS_SECRET")
    if url and not is_web_address(url):
        raise InvalidSetting("EVENTS_URL is not an address, for example http://127.0.0.1:9000/events")
    if secret and not is_webhook_secret(secret):
        raise InvalidSetting(
            "EVENTS_SECRET must have 32 to 256 letters, digits or + / = _ -. To create one: openssl rand -base64 32"
        )
    if secret and (not url or "@" in urlsplit(url).netloc):
        raise InvalidSetting("EVENTS_SECRET needs EVENTS_URL, an address without user and password")
    if file:
        try:
            Path(file).open("a", encoding="utf-8").close()
        except OSError as error:
            raise InvalidSetting(f"EVENTS_FILE cannot be written ({error.strerror}): {file!r}") from error
    return EventSettings(Path(file).absolute() if file else None, url or None, secret or None)


def write_state(service: LocalService) -> Path:
    """Write the file by which `rollcall --local` finds the service; raises `OSError`. It contains no key."""
    return register(
        {
            "baseUrl": service.base_url,
            "setupPageUrl": service.address + SETUP_PATH,
            "awsEndpoint": service.aws_endpoint,
            "tableName": TABLE_NAME,
            "secretPrefix": SECRET_PREFIX,
            "activityFile": str(service.activity_file),
            "directory": str(Path.cwd()),
        }
    )


def exports(service: LocalService) -> str:
    """The command of a shell after which an application reads this table: its SDK asks here, with no credentials."""
    variables = {
        "TABLE_NAME": TABLE_NAME,
        "AWS_ENDPOINT_URL_DYNAMODB": service.aws_endpoint,
        # The SDK for Python reads one of these, the others the other.
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
    }
    return " ".join(["export", *(f"{name}={value}" for name, value in variables.items())])


@contextmanager
def findable(service: LocalService) -> Iterator[None]:
    """Let `rollcall --local` find the service until the end of the block."""
    try:
        state = write_state(service)
    except OSError as error:
        print(f"rollcall --local cannot find this server: {error}", file=sys.stderr)
        yield
        return
    try:
        yield
    finally:
        state.unlink(missing_ok=True)


def say(line: str) -> None:
    """Print one line immediately, also into a pipe."""
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
