"""The publisher of a deployment: the function of a stack, or the one in the local server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin

import httpx
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from domain.documents import Json
from operations.deployment import Deployment, DeploymentError, stack_outputs
from operations.local_events import REPLAY_ADDRESS
from operations.replay.running import Answer, Publish

if TYPE_CHECKING:
    import boto3

_OLDER: Final = "the publisher is from an older release without replay: deploy this release first"
# The publisher may take 25 s.
_CONFIG: Final = Config(connect_timeout=3, read_timeout=40, retries={"mode": "standard", "total_max_attempts": 2})
_BUSY: Final = frozenset({"TooManyRequestsException", "ServiceException", "EC2ThrottledException"})
"""Codes of Lambda after which another try may help."""
_SECONDS: Final = 40.0


@dataclass(frozen=True, slots=True)
class FunctionPublisher:
    """The function `Publisher` of a stack."""

    client: Any
    name: str

    @classmethod
    def of(cls, session: boto3.Session, stack: str) -> FunctionPublisher:
        """Find it by the outputs of the stack; raises `DeploymentError`."""
        _, (name,) = stack_outputs(session, stack, ("PublisherName",), "deploy this release first")
        return cls(session.client("lambda", config=_CONFIG), name)

    def __call__(self, entries: Sequence[Json]) -> Answer:
        try:
            answer = self.client.invoke(FunctionName=self.name, Payload=json.dumps({"Replay": entries}).encode())
            found = json.loads(answer["Payload"].read())
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown error")
            if code in _BUSY:
                return _nothing(entries, code)
            raise DeploymentError(
                f"AWS refused {error.operation_name} of {self.name} ({code}): it requires lambda:InvokeFunction."
            ) from error
        except BotoCoreError as error:
            raise DeploymentError(f"AWS could not be reached: {error}") from error
        if "FunctionError" not in answer:
            return _answer(found)
        if found.get("errorType") == "MalformedReplay":
            raise DeploymentError(f"the publisher refused the request: {found.get('errorMessage')}")
        return _nothing(entries, str(found.get("errorType") or answer["FunctionError"]))


@dataclass(frozen=True, slots=True)
class LocalPublisher:
    """The publisher of the local server at `base_url`."""

    base_url: str

    def __call__(self, entries: Sequence[Json]) -> Answer:
        address = urljoin(self.base_url, REPLAY_ADDRESS)
        try:
            answer = httpx.post(address, json={"Replay": entries}, headers={"X-Rollcall-Page": "1"}, timeout=_SECONDS)
            found = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DeploymentError(_UNEXPECTED) from error
        if answer.is_error:
            detail = found.get("detail") if isinstance(found, dict) else None
            raise DeploymentError(str(detail or _UNEXPECTED))
        return _answer(found)


_UNEXPECTED: Final = "the local server does not answer as expected: stop it and start it with make run"


def publisher_of(deployment: Deployment, stack: str) -> Publish:
    """The publisher of a deployment; raises `DeploymentError`."""
    if deployment.endpoint_url is not None:
        return LocalPublisher(deployment.base_url)
    return FunctionPublisher.of(deployment.session, stack)


def _answer(found: Any) -> Answer:
    try:
        return Answer(found["published"], found["unpublished"], found["failure"])
    except (LookupError, TypeError) as error:
        raise DeploymentError(_OLDER) from error


def _nothing(entries: Sequence[Json], code: str) -> Answer:
    """The answer when possibly none was published; published events are sent again with the same ids."""
    return Answer({}, range(len(entries)), code)
