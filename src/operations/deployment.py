"""The deployment that the operator's command works on: a CloudFormation stack, or the local server of `make run`."""

from __future__ import annotations

import getpass
import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError, ProfileNotFound

from adapters.aws import configuration
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import DynamoDBAccount, Table, with_items_as_sent
from adapters.secrets.accounts import Accounts
from adapters.secrets.conditional_change import NoSuchAccount
from adapters.secrets.setup_links import SetupLinks
from operations.activity import ActivityLog, CloudWatchActivityLog, FileActivityLog
from operations.audit import file_log, stream_log
from operations.command_stream import CommandStream

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from adapters.logs.log import Log

NO_LOCAL_SERVER: Final = "no local server is running: start it with make run"

_OLDER_SERVER: Final = "the local server is from an older version: stop it and start it with make run"
_REQUESTS: Final = "requests"
"""The log group of the API's functions, below the prefix of all functions' groups."""
_OUTPUTS: Final = ("ScimConnectorBaseUrl", "TableName", "ConnectorSecretPrefix")
_SETUP_PAGE: Final = "SetupPageUrl"
"""An output that a stack without set-up page lacks."""
_CONFIG: Final = Config(connect_timeout=3, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 4})


class DeploymentError(Exception):
    """The deployment cannot be found or read; the message is one line for the operator, with what to do."""


@dataclass(frozen=True)
class Deployment:
    """The location of a deployment, and access to its accounts and users."""

    base_url: str
    table_name: str
    secret_prefix: str
    session: boto3.Session
    endpoint_url: str | None = None
    log_group_prefix: str | None = None
    """The prefix of the functions' log groups, for a deployed stack."""
    activity_file: Path | None = None
    """The file with the functions' log lines, for the local server."""
    setup_page_url: str | None = None
    """Where set-up links lead to; None when the deployment serves no such page."""

    @cached_property
    def accounts(self) -> Accounts:
        """The deployment's accounts."""
        return Accounts(self._secrets_manager, self.secret_prefix, self.actor)

    @cached_property
    def setup_links(self) -> SetupLinks:
        """The set-up links of the deployment's accounts."""
        return SetupLinks(self._secrets_manager, self.secret_prefix, self.actor)

    def require_account(self, account: str, seconds: float) -> None:
        """Raise `NoSuchAccount` if no account has that name and no users or groups of a former account are left."""
        left = self.account(account, seconds)
        if not self.accounts.exists(account) and left.users.total() == 0 and left.groups.total() == 0:
            raise NoSuchAccount(account)

    def account(self, name: str, seconds: float) -> DynamoDBAccount:
        """The account's part of the table, usable for that many seconds."""
        return self._table.account(name, MonotonicDeadline.after(seconds))

    @property
    def activity(self) -> ActivityLog:
        """The activity record; raises `DeploymentError` when the deployment keeps none."""
        if self.log_group_prefix is not None:
            return CloudWatchActivityLog(self.session.client("logs", config=_CONFIG), self.log_group_prefix)
        if self.activity_file is None:
            raise DeploymentError(_OLDER_SERVER)
        return FileActivityLog(self.activity_file)

    @property
    def audit_log(self) -> Log:
        """Where the command records its changes of users and groups: among the requests that do the same.

        Raises `DeploymentError` when the deployment keeps no record.
        """
        if self.log_group_prefix is not None:
            logs = self.session.client("logs", config=_CONFIG)
            return stream_log(CommandStream(logs, f"{self.log_group_prefix}{_REQUESTS}"))
        if self.activity_file is None:
            raise DeploymentError(_OLDER_SERVER)
        return file_log(self.activity_file)

    def actor(self) -> str:
        """The ARN of the credentials; for the local server the user name on this computer.

        Without an answer of STS it is the user name too, marked as not checked.
        """
        if self.endpoint_url is not None:
            return getpass.getuser()
        try:
            caller: str = self.session.client("sts", config=_CONFIG).get_caller_identity()["Arn"]
        except (ClientError, BotoCoreError):
            return f"{getpass.getuser()} (not checked)"
        return caller

    @cached_property
    def _secrets_manager(self) -> SecretsManagerClient:
        return self.session.client("secretsmanager", endpoint_url=self.endpoint_url, config=_CONFIG)

    @cached_property
    def _table(self) -> Table:
        # The table's adapter has its own retries.
        config = configuration("dynamodb")
        client = self.session.client("dynamodb", endpoint_url=self.endpoint_url, config=config)
        return Table(with_items_as_sent(client), self.table_name)


def two_regions(environment: Mapping[str, str]) -> str | None:
    """Say which region is meant when AWS_REGION and AWS_DEFAULT_REGION differ; None when they do not."""
    first, second = environment.get("AWS_REGION"), environment.get("AWS_DEFAULT_REGION")
    if not first or not second or first == second:
        return None
    return f"The region is {first}, from AWS_REGION; AWS_DEFAULT_REGION is {second} and is ignored."


def aws_session(region: str | None, profile: str | None) -> boto3.Session:
    """A session in the region given, else that of AWS_REGION, else the one that boto3 finds.

    boto3 itself only reads AWS_DEFAULT_REGION. Raises `DeploymentError` for an unknown profile.
    """
    try:
        return boto3.Session(region_name=region or os.environ.get("AWS_REGION") or None, profile_name=profile)
    except ProfileNotFound as error:
        raise DeploymentError(f"{error}. See: aws configure list-profiles") from error


def deployed(name: str, region: str | None, profile: str | None) -> Deployment:
    """Find the deployment by its stack's outputs; raises `DeploymentError`."""
    try:
        session = aws_session(region, profile)
        stack_name, outputs = stack_outputs(
            session, name, _OUTPUTS, "it is not a Rollcall stack, or is not deployed yet", optional=(_SETUP_PAGE,)
        )
    except NoRegionError as error:
        raise DeploymentError("No AWS region is set: add --region, or set AWS_REGION.") from error
    except NoCredentialsError as error:
        raise DeploymentError("No AWS credentials were found: sign in (aws sso login), or add --profile.") from error
    except BotoCoreError as error:
        raise DeploymentError(f"CloudFormation could not be reached to describe the stack {name!r}: {error}") from error
    base_url, table_name, secret_prefix, setup_page = outputs
    return Deployment(
        base_url,
        table_name,
        secret_prefix,
        session,
        log_group_prefix=f"/aws/lambda/{stack_name}/",
        setup_page_url=setup_page or None,
    )


def stack_outputs(
    session: boto3.Session, name: str, wanted: Sequence[str], why_missing: str, *, optional: Sequence[str] = ()
) -> tuple[str, list[str]]:
    """Return the name of a stack, which may be given by its ARN, and the values of the wanted outputs, in their order.

    The values of the optional outputs follow, empty when they are missing. Raises `DeploymentError`, with `why_missing`
    when another output is missing or empty.
    """
    client = session.client("cloudformation", config=_CONFIG)
    try:
        stack = client.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "unknown error")
        if code == "ValidationError":
            raise DeploymentError(
                f"The stack {name!r} was not found: check --stack and --region, or deploy it."
            ) from error
        raise DeploymentError(f"CloudFormation refused to describe the stack {name!r} ({code}).") from error
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
    if missing := [output for output in wanted if not outputs.get(output)]:
        raise DeploymentError(f"The stack {name!r} has no output {', '.join(missing)}: {why_missing}.")
    return stack["StackName"], [outputs.get(output, "") for output in (*wanted, *optional)]


def local_server(state_file: Path) -> Deployment:
    """Find the local server that wrote the file; raises `DeploymentError`."""
    try:
        state: dict[str, Any] = json.loads(state_file.read_text())
        session = boto3.Session(
            region_name=state.get("region", "us-east-1"),
            aws_access_key_id="local",
            aws_secret_access_key="local",  # noqa: S106 - the local server takes any credentials
        )
        file = state.get("activityFile")
        stack = Deployment(
            state["baseUrl"],
            state["tableName"],
            state["secretPrefix"],
            session,
            state["awsEndpoint"],
            activity_file=Path(file) if file else None,
            setup_page_url=state.get("setupPageUrl"),
        )
    except FileNotFoundError as error:
        raise DeploymentError(NO_LOCAL_SERVER) from error
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise DeploymentError(f"{state_file} is unusable: stop the local server and start it with make run") from error
    address = urlsplit(state["awsEndpoint"])
    try:
        socket.create_connection((address.hostname or "", address.port or 80), timeout=2).close()
    except OSError as error:
        raise DeploymentError(NO_LOCAL_SERVER) from error
    return stack
