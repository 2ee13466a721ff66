"""The API as `sam local start-api` serves it: template.yaml's routes, the Lambda runtime in containers, real HTTP."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from adapters.secrets.accounts import Accounts
from domain.accounts.connector_key import ConnectorKey
from support.child_processes import Child, TimeExpired, run, started
from support.repository import ROOT
from support.stand_ins import SECRET_PREFIX, Aws
from support.this_machine import free_port


@dataclass(frozen=True)
class SamApi:
    """The parts of a running service that the contract tests need (`local.service.LocalService`)."""

    base_url: str
    accounts: Accounts
    log: Path

    def new_account(self) -> ConnectorKey:
        """The key of a fresh account without users."""
        return self.accounts.enable(f"account-{uuid4().hex[:12]}").connector.current.key


BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def with_every_method_named(template: dict[str, Any]) -> dict[str, Any]:
    """The same API, with no ANY at a path that other functions share, but each method that they leave.

    API Gateway gives a request to the method that is named and to ANY only what is left. The SAM CLI gives it to
    whatever comes last in the template: to Unrouted, which would then answer everything.
    """
    functions = [found for found in template["Resources"].values() if found["Type"] == "AWS::Serverless::Function"]
    events = [event for function in functions for event in function["Properties"].get("Events", {}).values()]
    named: dict[str, set[str]] = {}
    for event in events:
        if event["Properties"]["Method"].upper() != "ANY":
            named.setdefault(event["Properties"]["Path"], set()).add(event["Properties"]["Method"].upper())
    for function in functions:
        for name, event in list(function["Properties"].get("Events", {}).items()):
            properties = event["Properties"]
            if properties["Method"].upper() == "ANY" and properties["Path"] in named:
                del function["Properties"]["Events"][name]
                for method in METHODS:
                    if method not in named[properties["Path"]]:
                        left = {**event, "Properties": {**properties, "Method": method}}
                        function["Properties"]["Events"][f"{name}{method.title()}"] = left
    return template


@contextmanager
def start_api(sam: str, environment: dict[str, str], aws: Aws, log: Path) -> Iterator[SamApi]:
    """Serves from now to the end of the block; a function's container starts with its first request."""
    port = free_port()
    # Next to the built one, as it names the artifacts by relative paths.
    template = BUILT.with_name("start-api.json")
    template.write_text(json.dumps(with_every_method_named(yaml.safe_load(BUILT.read_text(encoding="utf-8")))))
    command: list[str | Path] = [
        *(sam, "local", "start-api", "--template", template),
        *("--config-file", ROOT / "samconfig.toml", "--port", str(port)),
    ]
    with (
        log.open("w") as output,
        # At Ctrl-C it removes its containers.
        started(command, stop=signal.SIGINT, cwd=ROOT, env=environment, stdout=output, stderr=output) as server,
    ):
        _wait_until_it_serves(server, log)
        accounts = Accounts(aws.secretsmanager, SECRET_PREFIX, lambda: "test")
        yield SamApi(f"http://127.0.0.1:{port}/scim/v2", accounts, log)


def remove_containers() -> None:
    """Remove what the SAM CLI left: the containers that mount the artifact of this folder."""
    every = run(["docker", "ps", "--all", "--quiet", "--no-trunc"], check=True).stdout.split()
    if not every:
        return
    # For one that has gone meanwhile there is an error as well as the lines of the others.
    mounts = run(["docker", "inspect", "--format", "{{.Id}}{{range .Mounts}} {{.Source}}{{end}}", *every]).stdout
    ours = [line.split()[0] for line in mounts.splitlines() if f" {ROOT}/build/artifact" in line]
    if ours:
        run(["docker", "rm", "--force", "--volumes", *ours])


def _wait_until_it_serves(server: Child[bytes], log: Path) -> None:
    while "Running on http://" not in log.read_text():
        try:
            server.wait(timeout=0.2)
        except TimeExpired:
            continue
        pytest.fail(f"sam local start-api ended:\n{log.read_text()}")
