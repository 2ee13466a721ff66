"""Answers of `rollcall deploy`."""

from __future__ import annotations

from typing import Literal

from operations.answers.base import Answer


class DeploymentCheck(Answer):
    """One thing that was looked at before a deployment."""

    name: str
    verdict: Literal["ok", "note", "stop"]
    """A note hinders nothing; with a stop the deployment would fail, or take over what is not its own."""
    seen: str
    remedy: str | None


class CheckedDeployment(Answer):
    """`rollcall deploy check`."""

    ok: bool
    """False if a check says stop."""
    section: str
    stack: str
    account: str | None
    """The AWS account; null if there are no credentials."""
    region: str | None
    checks: list[DeploymentCheck]


class AdoptedLeftovers(Answer):
    """`rollcall deploy adopt`."""

    stack: str
    adopted: list[str]
    """The names of what belongs to the new stack."""
