"""Low-level AWS clients on one session, with time-outs that fit a function of ten seconds.

They come from botocore's session: boto3 would add resources, which are not used here, and 40 ms to a cold start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
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
"""The longest time-out of a function that another one invokes, plus the time to start it."""
_ATTEMPTS: Final = {"dynamodb": 1, "lambda": 4}
"""botocore sends one attempt to DynamoDB: `adapters.dynamodb.calls` retries, as it knows the time that is left and that
a write without an answer may have been done. Lambda rejects calls beyond a function's concurrency, which is a short
state. Others get one retry: 6 s at most."""


def configuration(service: str) -> Config:
    """Return the time-outs and retries of a client for that service."""
    return Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_READ_SECONDS_OF.get(service, _READ_SECONDS),
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS.get(service, 2)},
        user_agent=_user_agent(),
        # Parameters for the table are well formed; validation would take as long as signing the call.
        parameter_validation=service != "dynamodb",
        max_pool_connections=_CONNECTIONS,
        tcp_keepalive=True,
    )


@cache
def _user_agent() -> str:
    """Constant, as botocore would build its own from some thirty parts, twice for every call."""
    return f"rollcall/{_version()} botocore/{__version__}"


def _version() -> str:
    """The version of Rollcall: a file in the artifact, the installed package's elsewhere."""
    try:
        with open(os.path.join(os.path.dirname(__file__), "version.txt"), encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        from importlib.metadata import version  # slow to import, and no function needs it

        return version("rollcall")


_CONNECTIONS: Final = 32
"""The number of threads of the local server. A function uses sixteen at most, for memberships."""


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
