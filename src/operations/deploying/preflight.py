"""What is looked at before a deployment: each check answers ok, note or stop, with a remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from operations.deploying.leftovers import Leftovers, find_leftovers
from operations.deploying.settings import DeploymentSettings
from operations.deploying.stacks import described_stack, parameters_of, remedy_for

Verdict = Literal["ok", "note", "stop"]

USD_A_MONTH: Final = 21
"""What a stack costs before the first user; docs/scale.md has the sum."""
_KEPT_UNRESERVED: Final = 100
"""Executions that Lambda keeps for functions without a reservation, or the whole quota where that is less."""
_ENOUGH: Final = 100
"""A quota of executions below this is that of a new AWS account."""
_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "UnauthorizedOperation",
        "UnauthorizedException",
    }
)
_UPDATABLE: Final = frozenset(
    {
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    }
)
_CONFIG: Final = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
_SAM_STACK: Final = "aws-sam-cli-managed-default"


@dataclass(frozen=True)
class Looked:
    """What one check saw."""

    name: str
    verdict: Verdict
    seen: str
    remedy: str | None = None


def reserved_executions(each: int) -> int:
    """The executions that the stack's functions reserve together with `ReservedConcurrency`; none with 0."""
    return 14 * each + 7 if each else 0


class Preflight:
    """The checks of one deployment."""

    def __init__(self, session: boto3.Session, settings: DeploymentSettings) -> None:
        self._session = session
        self._settings = settings
        self._stack: dict[str, Any] | None = None
        self._stack_known = False
        self.account: str | None = None
        """The AWS account, once credentials were found."""

    @property
    def region(self) -> str | None:
        """The region that is deployed to."""
        return self._session.region_name

    def run(self) -> Iterator[Looked]:
        """Do the checks, in the order in which they are shown; ends early when AWS cannot be asked."""
        yield self._processor()
        signed_in = self._credentials()
        yield signed_in
        if signed_in.verdict == "stop":
            return
        yield from self._attempt("Stack", "cloudformation:DescribeStacks", self._stack_state)
        if self._is_new:
            yield from self._attempt(
                "Left-overs",
                "secretsmanager:ListSecrets, logs:DescribeLogGroups and dynamodb:ListTables",
                self._leftovers,
            )
        else:
            yield from self._parameters()
        yield from self._attempt("Executions of Lambda", "lambda:GetAccountSettings", self._quota)
        yield from self._attempt("Role for API Gateway's logs", "apigateway:GET", self._logs_role)
        yield self._alarm_email()
        yield from self._attempt("SAM CLI's bucket", "cloudformation:DescribeStacks", self._sam_bucket)
        yield Looked("Costs", "ok", f"about ${USD_A_MONTH} a month before the first user (docs/scale.md)")
        yield Looked("Takes", "ok", "about ten minutes" if self._is_new else "minutes; prod moves its traffic in five")

    @property
    def _is_new(self) -> bool:
        return self._stack_known and self._stack is None

    def _client(self, service: str) -> Any:
        return self._session.client(service, config=_CONFIG)  # type: ignore[call-overload]  # the name is no literal

    def _attempt(self, name: str, permission: str, check: Callable[[], Iterator[Looked]]) -> Iterator[Looked]:
        """The results of a check; without the permission, or an answer, it is a note: others may know better."""
        try:
            yield from check()
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown error")
            why = f"no permission for {permission}" if code in _DENIED else f"AWS answered {code}"
            yield Looked(name, "note", f"not checked: {why}")
        except BotoCoreError as error:
            yield Looked(name, "note", f"not checked: {error}")

    def _processor(self) -> Looked:
        wanted, built = self._settings.value("Architecture"), self._settings.built_for
        where = f"section {self._settings.section} of samconfig.toml, for {wanted}"
        if wanted == built:
            return Looked("Settings", "ok", where)
        remedy = f"Write Architecture={wanted} in [{self._settings.section}.build.parameters] as well."
        return Looked("Settings", "stop", f"{where}, but it builds for {built}", remedy)

    def _credentials(self) -> Looked:
        try:
            caller = self._client("sts").get_caller_identity()
        except NoRegionError:
            return Looked("AWS account", "stop", "no region is chosen", "export AWS_REGION=eu-central-1")
        except NoCredentialsError:
            remedy = "Sign in (aws sso login), or export AWS_PROFILE=NAME."
            return Looked("AWS account", "stop", "no AWS credentials were found", remedy)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "unknown error")
            return Looked("AWS account", "stop", f"AWS refused the credentials ({code})", "Sign in again.")
        except BotoCoreError as error:
            return Looked("AWS account", "stop", str(error), "Check the network, the region and the profile.")
        self.account = caller["Account"]
        return Looked("AWS account", "ok", f"{self.account} in {self.region}, as {caller['Arn']}")

    def _stack_state(self) -> Iterator[Looked]:
        name = self._settings.stack_name
        found = described_stack(self._client("cloudformation"), name)
        self._stack_known = True
        status = found["StackStatus"] if found else "REVIEW_IN_PROGRESS"
        if status == "REVIEW_IN_PROGRESS":  # a change set was made, and never executed
            yield Looked("Stack", "ok", f"{name} will be created")
            return
        self._stack = found
        outputs = {output["OutputKey"] for output in (found or {}).get("Outputs", [])}
        if status in _UPDATABLE and (status.startswith("IMPORT") or "ConnectorSecretPrefix" in outputs):
            yield Looked("Stack", "ok", f"{name} will be updated ({status})")
        elif status in _UPDATABLE:
            remedy = "Choose another stack_name in samconfig.toml."
            yield Looked("Stack", "stop", f"{name} exists and is no Rollcall stack", remedy)
        else:
            yield Looked("Stack", "stop", f"{name} is in state {status}", remedy_for(status, name))

    def _leftovers(self) -> Iterator[Looked]:
        left = find_leftovers(self._session, self._settings.stack_name)
        if left.blocking:
            yield Looked("Left-overs", "stop", left.summary, _remedy_for_leftovers(left, self._settings.section))
        elif left.tables or left.secrets:
            remedy = (
                f"To use them: rollcall deploy adopt {self._settings.section}. A new stack makes a new, empty table."
            )
            yield Looked("Left-overs", "note", left.summary, remedy)
        else:
            yield Looked("Left-overs", "ok", "none of an earlier stack of this name")

    def _parameters(self) -> Iterator[Looked]:
        """Parameters that stay as they are in the stack because nothing names them."""
        present = parameters_of(self._stack)
        kept = [
            f"{name}={value}"
            for name, value in present.items()
            if name in self._settings.defaults
            and name not in {*self._settings.given, "Rollout"}
            and value != self._settings.defaults[name]
        ]
        if kept:
            remedy = (
                "Write them, or the values that you want instead, into samconfig.toml: leaving one out changes nothing."
            )
            yield Looked("Parameters", "note", f"the stack keeps {', '.join(kept)}", remedy)

    def _quota(self) -> Iterator[Looked]:
        limit = self._client("lambda").get_account_settings()["AccountLimit"]
        quota, free = int(limit["ConcurrentExecutions"]), int(limit["UnreservedConcurrentExecutions"])
        wanted = reserved_executions(int(self._settings.value("ReservedConcurrency")))
        if self._stack is not None:
            present = parameters_of(self._stack)
            held = reserved_executions(int(present.get("ReservedConcurrency", "0")))
            free += held
            if "ReservedConcurrency" not in self._settings.given:
                wanted = held
        seen = f"{quota}, of which the stack reserves {wanted}"
        if wanted and free - wanted < min(_KEPT_UNRESERVED, quota):
            remedy = (
                "Set ReservedConcurrency=0, or ask for a higher quota (Service Quotas, Lambda, Concurrent executions)."
            )
            yield Looked("Executions of Lambda", "stop", f"{seen}; {free} are free, and 100 must be left", remedy)
        elif quota < _ENOUGH:
            remedy = "Ask for a higher quota before the first customer (Service Quotas, Lambda, Concurrent executions)."
            yield Looked("Executions of Lambda", "note", f"{seen}: the quota of a new AWS account", remedy)
        else:
            yield Looked("Executions of Lambda", "ok", seen)

    def _logs_role(self) -> Iterator[Looked]:
        name = "Role for API Gateway's logs"
        role = self._client("apigateway").get_account().get("cloudwatchRoleArn")
        sets = self._settings.value("SetApiGatewayLogsRole") == "true"
        ours = bool(role) and f":role/{self._settings.stack_name}-ApiGatewayLogsRole-" in role
        if not role and not sets:
            remedy = "Set SetApiGatewayLogsRole=true, or set the role that manages it elsewhere first."
            yield Looked(name, "stop", "none is set, and the API's access log needs one", remedy)
        elif sets and role and not ours and self._is_new:
            remedy = "Set SetApiGatewayLogsRole=false: the API then uses the role that is there."
            yield Looked(name, "stop", f"{role} is set for all APIs of this account and region", remedy)
        elif sets:
            yield Looked(name, "ok", "the stack sets it, for all REST APIs of this account and region")
        else:
            yield Looked(name, "ok", f"{role} is used")

    def _alarm_email(self) -> Looked:
        if self._settings.value("AlarmEmail"):
            return Looked("Alarms", "ok", f"go to {self._settings.value('AlarmEmail')}, who must confirm once")
        present = parameters_of(self._stack)
        if present.get("AlarmEmail"):
            return Looked("Alarms", "ok", f"go to {present['AlarmEmail']}")
        remedy = "Set AlarmEmail=you@example.com, or subscribe to the topic AlarmTopicArn."
        return Looked("Alarms", "note", "go to no address: AlarmEmail is not set", remedy)

    def _sam_bucket(self) -> Iterator[Looked]:
        there = described_stack(self._client("cloudformation"), _SAM_STACK) is not None
        seen = "is there" if there else "will be created: the SAM CLI uploads to it, for all stacks of this region"
        yield Looked("SAM CLI's bucket", "ok", f"stack {_SAM_STACK} {seen}")


def _remedy_for_leftovers(left: Leftovers, section: str) -> str:
    if left.being_deleted:
        restore = f"aws secretsmanager restore-secret --secret-id {left.being_deleted[0]}"
        return f"{restore}, then rollcall deploy adopt {section}; or delete it --force-delete-without-recovery."
    return f"To use them: rollcall deploy adopt {section}. To remove them: docs/deploy.md, Deleting the stack."
