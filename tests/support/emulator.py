"""ministack: the AWS services of the stack in one process on this machine, with CloudFormation in front.

https://github.com/ministackorg/ministack, in an environment of its own (`.venv-prove`), whose Python also runs the
functions.
"""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from time import monotonic, sleep
from typing import Any, Final
from unittest.mock import patch

import boto3

from support.child_processes import Child, started
from support.repository import ROOT
from support.this_machine import free_port

PYTHON: Final = ROOT / ".venv-prove" / "bin" / "python"
REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
_SECONDS_TO_START: Final = 60


@dataclass(frozen=True)
class Emulator:
    """A running emulator; `log` is the file that it writes to."""

    url: str
    log: Path

    @cached_property
    def session(self) -> boto3.Session:
        """A session that uses nothing of this machine's AWS settings."""
        return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="stand-in", region_name=REGION)

    def client(self, service: str) -> Any:
        """A client of an AWS service there."""
        return self.session.client(service, endpoint_url=self.url)  # type: ignore[call-overload]  # by its name

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a command finds the emulator instead of AWS."""
        return os.environ | {
            "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "stand-in",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        }


@contextmanager
def emulated_aws(directory: Path) -> Iterator[Emulator]:
    """Start the emulator on a free port; it keeps nothing but its log in `directory`, and ends with the block."""
    with _this_machines_settings_aside():
        yield from _emulated_aws(directory)


@contextmanager
def _this_machines_settings_aside() -> Iterator[None]:
    """No AWS setting of this machine, and no proxy, comes between this process or its children and the emulator."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    around_proxies = ",".join(
        filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1,localhost"))
    )
    with patch.dict(os.environ, kept | dict.fromkeys(("NO_PROXY", "no_proxy"), around_proxies), clear=True):
        yield


def _emulated_aws(directory: Path) -> Iterator[Emulator]:
    port = free_port()
    log = directory / "ministack.log"
    environment = os.environ | {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "LAMBDA_EXECUTOR": "local",
        "TMPDIR": str(directory),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with (
        log.open("wb") as output,
        started([PYTHON, "-m", "ministack"], cwd=directory, env=environment, stdout=output, stderr=output) as child,
    ):
        emulator = Emulator(f"http://127.0.0.1:{port}", log)
        _await(emulator, child)
        yield emulator


def _await(emulator: Emulator, child: Child[Any]) -> None:
    ends = monotonic() + _SECONDS_TO_START
    while monotonic() < ends:
        if child.poll() is not None:
            break
        try:
            urllib.request.urlopen(emulator.url + "/_ministack/health", timeout=1).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            sleep(0.05)
        else:
            return
    raise AssertionError(f"ministack does not answer: {emulator.log.read_text(encoding='utf-8')[-2000:]}")
