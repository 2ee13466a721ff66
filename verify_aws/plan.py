"""What a run does: its steps, each with the commands and calls that it makes, how long it takes and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import boto3

from operations.deployment import Deployment, deployed
from support.repository import ROOT
from support.scim_http import ScimClient
from verify_aws.identity import Run
from verify_aws.shell import Shell

Figures = dict[str, Any]
Command = tuple[str, ...]

ARCHITECTURE: Final = "arm64"
"""Of the section `dev` of samconfig.toml, whose build is deployed."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a run does."""

    users: int = 1_000
    """Imported ones, whom the load is about."""
    rate: float = 25
    """Requests a second."""
    seconds: float = 60
    cold_starts: int = 5
    """Of each function that is measured."""
    wire_requests: int | None = None
    """How many of the identity providers' requests; None for all."""


@dataclass
class Stage:
    """What the steps share: the run, its stack once it is deployed, and how commands and requests get there."""

    run: Run
    session: boto3.Session
    shell: Shell
    sizes: Sizes = field(default_factory=Sizes)
    region: str | None = None
    profile: str | None = None
    sets_logs_role: bool = True
    """Whether the stack sets API Gateway's role for logs, as the AWS account has none."""
    address: Callable[[str], str] = lambda base_url: base_url
    """Where requests for a base URL are sent."""
    building: Callable[[], Any] | None = None
    """A context in which no other run of this machine builds."""
    root: Path = ROOT
    """The repository's root folder."""
    imported: dict[str, str] = field(default_factory=dict)
    """The ids of the imported users, by userName."""

    @cached_property
    def deployment(self) -> Deployment:
        """The deployed stack; raises `DeploymentError`."""
        return deployed(self.run.name, self.region, self.profile)

    @cached_property
    def base_url(self) -> str:
        """The address to send requests to."""
        return self.address(self.deployment.base_url)

    def scim(self, account: str) -> ScimClient:
        """A client of an account, with its current key."""
        return ScimClient(self.base_url, self.deployment.accounts.show(account).current.key.text)


@dataclass(frozen=True)
class Step:
    """One step. `commands` and `calls` are what the dry run prints and the step does, and nothing else."""

    name: str
    title: str
    minutes: float
    """An estimate."""
    work: Callable[[Stage, Step], Figures]
    """Does it and returns its figures; raises `StepFailed`."""
    commands: tuple[Command, ...] = ()
    calls: tuple[str, ...] = ()
    requests: str = ""
    """What it sends over HTTP."""
    needed: bool = False
    """Whether nothing can follow when it fails."""
