"""The AWS clients: low level, made once per process, on one session, with time-outs that fit a function of ten seconds.

botocore's session is used as it is: boto3 adds resources, which nothing here needs, and 40 ms to a cold start.
Region, credentials and `AWS_ENDPOINT_URL_<SERVICE>` are found where botocore finds them.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, overload

from botocore import __version__
from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_codedeploy import CodeDeployClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_secretsmanager import SecretsManagerClient

_CONNECT_SECONDS: Final = 1
_READ_SECONDS: Final = 2
_READ_SECONDS_OF: Final = {"lambda": 30}
"""The longest time-out of a function that another one calls, and what starting it takes."""
_ATTEMPTS: Final = {"dynamodb": 1, "lambda": 4}
"""DynamoDB gets one attempt from botocore: `adapters.dynamodb.calls` retries, since only there it is known how much
time the request has left, and that a write may have landed whose answer was lost. Lambda refuses what goes beyond a
function's concurrency, which soon passes. Others get one retry: 6 s at most."""


def configuration(service: str) -> Config:
    """Time-outs and retries of a client for that service."""
    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS_OF.get(service, _READ_SECONDS),
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS.get(service, 2)},
        user_agent=_USER_AGENT,
        # What the table is sent is well formed; looking at every value again takes as long as signing the call.
        parameter_validation=service != "dynamodb",
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
    )


_USER_AGENT: Final = f"rollcall botocore/{__version__}"
"""Said once: what botocore would say of itself it puts together twice for every call, from some thirty parts."""
_CONNECTIONS: Final = 32
"""As many as the local server has threads. A function uses eight at most, for ranges that are read at once."""


_clients: Final[dict[str, Any]] = {}


def on_lambda() -> bool:
    """Whether this is a function's own process, whose environment is complete from the start."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


@cache
def _session() -> Session:
    return Session()


@overload
def client(service: Literal["codedeploy"]) -> CodeDeployClient: ...
@overload
def client(service: Literal["dynamodb"]) -> DynamoDBClient: ...
@overload
def client(service: Literal["events"]) -> EventBridgeClient: ...
@overload
def client(service: Literal["lambda"]) -> LambdaClient: ...
@overload
def client(service: Literal["logs"]) -> CloudWatchLogsClient: ...
@overload
def client(service: Literal["secretsmanager"]) -> SecretsManagerClient: ...
def client(service: str) -> Any:
    """The process's client of that service; made while a function starts, where it has the most CPU."""
    if service not in _clients:
        _clients[service] = _session().create_client(service, config=configuration(service))
    return _clients[service]


def forget() -> None:
    """Have the clients made anew, for an environment that has changed: the local server, tests."""
    _clients.clear()
    _session.cache_clear()
