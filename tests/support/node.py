"""The TypeScript examples in a Node process: packages installed once, checked and compiled, called over a pipe."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import pytest

from local.embedded_aws import REGION
from reading import Group, User
from support.child_processes import PIPE, Child, run, started
from support.repository import ROOT

PROJECT: Final = ROOT / "examples" / "typescript"
OLDEST: Final = (20, 11)
"""The oldest version of Node that the examples are for (`engines` in package.json)."""

_DRIVER: Final = ROOT / "tests" / "examples" / "typescript" / "driver.ts"
_CACHE: Final = ROOT / ".node-packages"
"""Removed by `make clean`: one folder for each state of the lock file."""
_OF_THE_PROJECT: Final = ("package.json", "package-lock.json", ".npmrc")
_NETWORK: Final = re.compile(r"ECONNREFUSED|ECONNRESET|EAI_AGAIN|ENOTFOUND|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT")


@cache
def missing() -> str | None:
    """What to install so that the examples can be compiled; None if it is there."""
    wanted = f"install Node {OLDEST[0]}.{OLDEST[1]} or newer, with npm"
    if shutil.which("node") is None or shutil.which("npm") is None:
        return f"there is no Node for examples/typescript: {wanted}"
    version = run(["node", "--version"]).stdout.strip()
    if tuple(map(int, version.removeprefix("v").split(".")[:2])) < OLDEST:
        return f"Node {version} is too old for examples/typescript: {wanted}"
    return None


def require() -> None:
    """Skip the module that calls this at its top, where there is no Node."""
    if (why_not := missing()) is not None:
        pytest.skip(why_not, allow_module_level=True)


def environment(more: Mapping[str, str] = {}) -> dict[str, str]:
    """What a process of Node gets: nothing of this machine's AWS settings."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "NODE_"))}
    return {**own, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, **more}


def packages() -> Path:
    """Return the folder `node_modules` of the lock file, installed if it was not; skips the test without network."""
    key = sha256(b"".join((PROJECT / name).read_bytes() for name in _OF_THE_PROJECT)).hexdigest()[:16]
    folder = _CACHE / key
    _CACHE.mkdir(exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            for name in _OF_THE_PROJECT:
                shutil.copy(PROJECT / name, folder)
            _install(folder)
            (folder / "complete").touch()
    return folder / "node_modules"


def _install(folder: Path) -> None:
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error", "--prefer-offline", "--fetch-retries=1"]
    done = run(command, cwd=folder, env=environment())
    if done.returncode and (why := _NETWORK.search(done.stderr)):
        pytest.skip(f"npm reaches no registry ({why[0]}): check the network, or npm config set registry")
    assert done.returncode == 0, done.stderr


def compiled(folder: Path) -> Path:
    """Check and compile examples and driver in a folder; return the folder with their modules."""
    shutil.copytree(PROJECT / "src", folder / "src")
    (folder / "test").mkdir()
    shutil.copy(_DRIVER, folder / "test")
    for name in ("package.json", "tsconfig.json"):
        shutil.copy(PROJECT / name, folder)
    settings = {"extends": "./tsconfig.json", "compilerOptions": {"rootDir": "."}, "include": ["src", "test"]}
    (folder / "tsconfig.test.json").write_text(json.dumps(settings), encoding="utf-8")
    (folder / "node_modules").symlink_to(packages())
    done = run(["node_modules/.bin/tsc", "--project", "tsconfig.test.json"], cwd=folder, env=environment())
    assert done.returncode == 0, done.stdout
    return folder / "build"


@dataclass(frozen=True)
class Examples:
    """The functions of the examples, for one account."""

    process: Child[str]
    account: str

    def of(self, account: str) -> Examples:
        """The same for another account."""
        return Examples(self.process, account)

    def __call__(self, function: str, *given: Any) -> Any:
        """Return what a function of the driver returns; raises `Thrown` for what it throws."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        request = {"account": self.account, "call": function, "with": given}
        print(json.dumps(request), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        if "error" in answer:
            raise Thrown(answer["error"])
        return answer["value"]


def as_in_typescript(found: User | Group | None) -> Any:
    """What the reader in Python returned, as the one in TypeScript returns it."""
    if found is None:
        return None
    names = {"user_name": "userName", "last_modified": "lastModified", "display_name": "displayName"}
    return {names.get(name, name): value for name, value in vars(found).items()}


class Thrown(Exception):
    """What a function of the examples threw."""


@contextmanager
def driver(build: Path, table_name: str, aws: str) -> Iterator[Examples]:
    """The examples in a process of their own that finds its table and queues at `aws`, until the end of the block."""
    variables = {
        "AWS_ENDPOINT_URL": aws,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "TABLE_NAME": table_name,
    }
    command: list[str | Path] = ["node", build / "test" / "driver.js"]
    with started(command, env=environment(variables), stdin=PIPE, stdout=PIPE, text=True) as process:
        yield Examples(process, "default")
