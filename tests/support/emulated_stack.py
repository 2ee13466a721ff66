"""The stack of template.yaml and observability.yaml, deployed with the real artifact to the emulator.

What the emulator lacks is left out of the templates first (`support.reduced_templates`). One line of the artifact is
written in another way, as the emulator's callback for custom resources has no TLS.
"""

from __future__ import annotations

import json
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from adapters.dynamodb import Table
from adapters.secrets.accounts import Accounts
from domain.accounts.connector_key import ConnectorKey
from support import emulator
from support.artifact_build import compile_bytecode, copy_packages, prune
from support.child_processes import run
from support.emulator import Emulator
from support.reduced_templates import reduced
from support.repository import ROOT
from support.scim_http import ScimClient
from support.stack_template import NESTED_STACK, Document, templates

BUCKET: Final = "artifacts"
_SECONDS_TO_DEPLOY: Final = 240

Change = Callable[[dict[str, Document]], None]
"""Changes the templates, by stack (the root's name is empty), before they are deployed."""


class DeploymentFailed(Exception):
    """The emulator could not create or update a stack; the message has the reasons of its resources."""


def artifact(into: Path) -> Path:
    """Build the artifact for the emulator's Python, and return the archive."""
    folder = into / "artifact"
    shutil.copytree(_requirements(into), folder)
    prune(folder)
    copy_packages(folder)
    compile_bytecode(str(emulator.PYTHON), folder, [folder])
    archive = into / "artifact.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "seed_default_account" not in path.name:
                file.write(path, path.relative_to(folder))
        seed = folder / "handlers" / "jobs" / "seed_default_account.py"
        file.writestr(str(seed.relative_to(folder)), _without_tls(seed.read_text(encoding="utf-8")))
    return archive


def _requirements(into: Path) -> Path:
    """The folder of the packages in requirements.txt, installed by the first run that needs them."""
    wanted = ROOT / "requirements.txt"
    kept = emulator.PYTHON.parents[1] / f"packages-{sha256(wanted.read_bytes()).hexdigest()[:16]}"
    if not kept.is_dir():
        made = into / "packages"
        pip: list[str | Path] = [emulator.PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--no-compile", "--target", made, "--require-hashes", "--no-deps", "-r", wanted], check=True)
        # In two steps, as `into` may be on another file system, and another run may be doing the same.
        copied = Path(shutil.copytree(made, kept.with_name(f"{kept.name}-{uuid4().hex}")))
        try:
            copied.rename(kept)
        except OSError:
            shutil.rmtree(copied)
    return kept


def _without_tls(source: str) -> str:
    allowed = 'ALLOWED_SCHEMES: Final[tuple[str, ...]] = ("https",)'
    assert allowed in source
    return source.replace(allowed, allowed.replace('("https",)', '("http", "https")'))


@dataclass(frozen=True)
class Stack:
    """A deployed stack."""

    emulator: Emulator
    name: str
    parameters: dict[str, str] = field(default_factory=dict)

    @cached_property
    def outputs(self) -> dict[str, str]:
        """The outputs, by name."""
        [stack] = self.emulator.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}

    @cached_property
    def resources(self) -> dict[str, str]:
        """The physical ids of all resources, those of the nested stack included, by logical id."""
        found: dict[str, str] = {}
        waiting = [self.name]
        client = self.emulator.client("cloudformation")
        while waiting:
            for page in client.get_paginator("list_stack_resources").paginate(StackName=waiting.pop()):
                for one in page["StackResourceSummaries"]:
                    found[one["LogicalResourceId"]] = one["PhysicalResourceId"]
                    if one["ResourceType"] == NESTED_STACK:
                        waiting.append(one["PhysicalResourceId"])
        return found

    @property
    def host(self) -> str:
        """The API's host name, by which the emulator distinguishes APIs."""
        return f"{self.resources['Api']}.execute-api.localhost"

    @property
    def base_url(self) -> str:
        """The address of the API; requests need the header Host, too."""
        return f"{self.emulator.url}/live/scim/v2"

    @property
    def address_in_path(self) -> str:
        """The API's address for clients that cannot choose the header Host."""
        return f"{self.emulator.url}/restapis/{self.host.partition('.')[0]}/live/_user_request_/scim/v2"

    @cached_property
    def accounts(self) -> Accounts:
        """The accounts, as the operator's command reaches them."""
        return Accounts(self.emulator.client("secretsmanager"), f"{self.name}/connectors/", lambda: "test")

    @cached_property
    def table(self) -> Table:
        """The table of users, past the functions."""
        return Table(self.emulator.client("dynamodb"), self.outputs["TableName"])

    def new_account(self) -> ConnectorKey:
        """The key of a fresh account without users."""
        return self.accounts.enable(f"account-{uuid4().hex[:12]}").connector.current.key

    def key(self, account: str = "default") -> str:
        """The account's current Connector Key."""
        secrets = self.emulator.client("secretsmanager")
        secret = json.loads(secrets.get_secret_value(SecretId=f"{self.name}/connectors/{account}")["SecretString"])
        key: str = secret["current"]["key"]
        return key

    def scim(self, account: str = "default", key: str | None = None) -> ScimClient:
        """A SCIM client of an account."""
        return ScimClient(self.base_url, key or self.key(account), host=self.host)

    def messages(self, group: str) -> list[dict[str, Any]]:
        """The log lines of a group that are JSON objects."""
        found = []
        for page in self.emulator.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group):
            for event in page["events"]:
                try:
                    line = json.loads(event["message"])
                except ValueError:
                    continue
                if isinstance(line, dict):
                    found.append(line)
        return found


@dataclass(frozen=True)
class Deployer:
    """Creates, updates and deletes stacks; all functions run the same archive."""

    emulator: Emulator
    documents: dict[str, Document]
    tags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, running: Emulator, archive: Path) -> Deployer:
        """Upload the artifact; return a deployer of this repository's templates."""
        s3 = running.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        s3.upload_file(str(archive), BUCKET, archive.name)
        documents = reduced(templates()).documents
        for document in documents.values():
            for resource in document["Resources"].values():
                if resource["Type"] == "AWS::Lambda::Function":
                    resource["Properties"]["Code"] = {"S3Bucket": BUCKET, "S3Key": archive.name}
        return cls(running, documents)

    def changed(self, change: Change) -> Deployer:
        """Return a deployer of changed templates."""
        documents = deepcopy(self.documents)
        change(documents)
        return replace(self, documents=documents)

    def create(self, name: str, **parameters: str) -> Stack:
        """Create a stack; raises `DeploymentFailed`."""
        return self._deploy("create_stack", name, parameters)

    def update(self, name: str, **parameters: str) -> Stack:
        """Update a stack; raises `DeploymentFailed`."""
        return self._deploy("update_stack", name, parameters)

    def delete(self, name: str) -> str:
        """Delete a stack; return its last status."""
        client = self.emulator.client("cloudformation")
        [stack] = client.describe_stacks(StackName=name)["Stacks"]
        client.delete_stack(StackName=name)
        return self._settled(stack["StackId"])

    @contextmanager
    def deployed(self, name: str, **parameters: str) -> Iterator[Stack]:
        """Create a stack and delete it after the block, with the processes of its functions."""
        stack = self.create(name, **parameters)
        try:
            yield stack
        finally:
            # They would be there until the emulator ends: its CloudFormation does not end them, and it waits for each.
            functions, names = self.emulator.client("lambda"), self._functions_of(stack)
            with ThreadPoolExecutor(10) as pool:
                list(pool.map(lambda name: functions.delete_function(FunctionName=name), names))
            status = self.delete(name)
            if status != "DELETE_COMPLETE":
                raise DeploymentFailed(f"{name} is {status}")

    def _functions_of(self, stack: Stack) -> list[str]:
        """The names of a stack's functions but those that its deletion needs."""
        resources = {name: one for document in self.documents.values() for name, one in document["Resources"].items()}
        of_custom_resources = [one["Properties"].get("ServiceToken") for one in resources.values()]
        return [
            physical_id
            for name, physical_id in stack.resources.items()
            if resources[name]["Type"] == "AWS::Lambda::Function"
            and {"Fn::GetAtt": [name, "Arn"]} not in of_custom_resources
        ]

    def _deploy(self, operation: str, name: str, parameters: dict[str, str]) -> Stack:
        given = {"Architecture": "x86_64", "LocalEndpoint": self.emulator.url, **parameters}
        client = self.emulator.client("cloudformation")
        answer = getattr(client, operation)(
            StackName=name,
            TemplateURL=self._uploaded(),
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )
        status = self._settled(answer["StackId"])
        if status not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            raise DeploymentFailed(f"{name} is {status}: {self.reasons(answer['StackId'])}")
        return Stack(self.emulator, name, given)

    def reasons(self, stack: str) -> list[str]:
        """What failed, and why."""
        pages = self.emulator.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack)
        return [
            f"{event['LogicalResourceId']} {event['ResourceStatus']}: {event.get('ResourceStatusReason', '')}"
            for page in pages
            for event in page["StackEvents"]
            if event["ResourceStatus"].endswith("FAILED")
        ]

    def _uploaded(self) -> str:
        """Upload the templates, named after what they hold as the SAM CLI does; return the address of the root's."""
        documents = deepcopy(self.documents)
        for nested in filter(None, documents):
            documents[""]["Resources"][nested]["Properties"]["TemplateURL"] = self._put(documents[nested])
        return self._put(documents[""])

    def _put(self, document: Document) -> str:
        body = json.dumps(document).encode()
        key = f"{sha256(body).hexdigest()}.template"
        self.emulator.client("s3").put_object(Bucket=BUCKET, Key=key, Body=body)
        return f"{self.emulator.url}/{BUCKET}/{key}"

    def _settled(self, stack: str) -> str:
        client = self.emulator.client("cloudformation")
        ends = time.monotonic() + _SECONDS_TO_DEPLOY
        while time.monotonic() < ends:
            status: str = client.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
            if not status.endswith("IN_PROGRESS"):
                return status
            time.sleep(0.1)
        raise DeploymentFailed(f"{stack} takes longer than {_SECONDS_TO_DEPLOY} s")
