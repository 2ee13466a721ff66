"""The AWS clients: low level, on one session, with time-outs that fit a function of ten seconds.

botocore's session is used as it is: boto3 adds resources, which nothing here needs, and 40 ms to a cold start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

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
    """Return the time-outs and retries of a client for that service."""
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


def on_lambda() -> bool:
    """Return True in a function's own process, whose environment is complete from the start."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


@dataclass(frozen=True)
class Clients:
    """The clients of one composition, each made when first asked for.

    Region, credentials and `AWS_ENDPOINT_URL_<SERVICE>` are found where the session finds them; `endpoints` gives
    other addresses, by service.
    """

    session: Session = field(default_factory=Session)
    endpoints: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def isolated(cls, region: str, access_key: str, endpoints: Mapping[str, str]) -> Clients:
        """Return clients for a stand-in of AWS: they use nothing of this machine's AWS settings."""
        session = Session(
            {
                "profile": (None, None, None, None),
                "config_file": (None, None, os.devnull, None),
                "credentials_file": (None, None, os.devnull, None),
            }
        )
        session.set_config_variable("region", region)
        session.set_config_variable("ignore_configured_endpoint_urls", True)
        session.set_credentials(access_key, "stand-in")
        return cls(session, endpoints)

    @cached_property
    def codedeploy(self) -> CodeDeployClient:
        """CodeDeploy."""
        client: CodeDeployClient = self._client("codedeploy")
        return client

    @cached_property
    def dynamodb(self) -> DynamoDBClient:
        """DynamoDB."""
        client: DynamoDBClient = self._client("dynamodb")
        return client

    @cached_property
    def events(self) -> EventBridgeClient:
        """EventBridge."""
        client: EventBridgeClient = self._client("events")
        return client

    @cached_property
    def functions(self) -> LambdaClient:
        """Lambda."""
        client: LambdaClient = self._client("lambda")
        return client

    @cached_property
    def logs(self) -> CloudWatchLogsClient:
        """CloudWatch Logs."""
        client: CloudWatchLogsClient = self._client("logs")
        return client

    @cached_property
    def secretsmanager(self) -> SecretsManagerClient:
        """Secrets Manager."""
        client: SecretsManagerClient = self._client("secretsmanager")
        return client

    def _client(self, service: str) -> Any:
        return self.session.create_client(
            service, config=configuration(service), endpoint_url=self.endpoints.get(service)
        )
