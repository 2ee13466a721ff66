"""Answers of `rollcall deploy`."""

from __future__ import annotations

from typing import Literal

from operations.answers.base import Answer
from operations.answers.records import CheckLine


class DeploymentCheck(Answer):
    """One thing that was looked at before a deployment."""

    name: str
    verdict: Literal["ok", "note", "stop"]
    """A note does not block the deployment. A stop means that it would fail, or change something that does not belong
    to it."""
    seen: str
    remedy: str | None


class CheckedDeployment(Answer):
    """`rollcall deploy check`, `rollcall deploy prepare`."""

    ok: bool
    """False if a check says stop."""
    section: str
    stack: str
    account: str | None
    """The AWS account; null if there are no usable credentials."""
    region: str | None
    checks: list[DeploymentCheck]
    parameters: dict[str, str]
    """The parameters to deploy with. Parameters that are left out keep their current values in the stack."""


class AdoptedLeftovers(Answer):
    """`rollcall deploy adopt`."""

    stack: str
    adopted: list[str]
    """The names of the resources that now belong to the new stack."""


class VerifiedDeployment(Answer):
    """`rollcall deploy verify`."""

    ok: bool
    """False if a check of the service failed."""
    stack: str
    base_url: str
    scim_is_on: bool
    """True if SCIM is switched on for the account default."""
    checks: list[CheckLine]
