"""What one look before a deployment saw, and what looks work on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from operations.deploying.settings import DeploymentSettings
from operations.deploying.stacks import is_failed_first, parameters_of

Verdict = Literal["ok", "note", "stop"]

_CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
_DENIED: Final = ("AccessDenied", "AuthorizationError", "Unauthorized", "Forbidden")


@dataclass(frozen=True)
class Looked:
    """What one look saw. A note blocks nothing; a stop is what would fail, or harm what is not the deployment's own."""

    name: str
    verdict: Verdict
    seen: str
    remedy: str | None = None


@dataclass
class Place:
    """Where a deployment goes: the AWS account and region, and the stack that is there."""

    session: boto3.Session
    settings: DeploymentSettings
    account: str | None = None
    """Known once the credentials were accepted."""
    stack_known: bool = False
    """True once CloudFormation has answered."""
    stack: Mapping[str, Any] | None = None
    """The stack's description; None if there is none, or before CloudFormation has answered."""
    chosen: dict[str, str] = field(default_factory=dict)
    """Values of parameters that a look chose because neither section nor stack has one."""

    @property
    def region(self) -> str | None:
        """The region that is deployed to."""
        return self.session.region_name

    @property
    def is_new(self) -> bool:
        """True if the deployment creates the stack; one whose first deployment failed is deleted before."""
        return self.stack_known and (self.stack is None or is_failed_first(self.stack))

    @property
    def present(self) -> dict[str, str]:
        """The parameters of the stack that is updated; empty for a new one."""
        return {} if self.is_new else parameters_of(self.stack)

    def value(self, parameter: str) -> str:
        """The value that the deployed stack will have: that of the section, else the stack's, else the default."""
        for values in (self.settings.given, self.chosen, self.present, self.settings.defaults):
            if parameter in values:
                return values[parameter]
        return ""

    def client(self, service: str) -> Any:
        """A client with few and short attempts: a look must not keep a person waiting."""
        return self.session.client(service, config=_CONFIG)  # type: ignore[call-overload]  # not a literal name


def attempt(name: str, permission: str, look: Callable[[], Iterator[Looked]]) -> Iterator[Looked]:
    """What a look saw; without the permission, or an answer, a note that it was not done."""
    try:
        yield from look()
    except ClientError as error:
        code = code_of(error)
        denied = any(code.startswith(start) for start in _DENIED)
        why = f"the credentials lack {permission}" if denied else f"AWS answered {code} to {permission}"
        yield Looked(name, "note", f"not checked: {why}")
    except BotoCoreError as error:
        yield Looked(name, "note", f"not checked: {one_line(error)}")


def code_of(error: ClientError) -> str:
    """The code of an error of AWS."""
    return str(error.response.get("Error", {}).get("Code", "an unknown error"))


def one_line(error: Exception) -> str:
    """The message of an error without line ends."""
    return " ".join(str(error).split())
