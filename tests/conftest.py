"""Fixtures of all tests: how properties are tried; the SAM CLI, its stand-ins and the API, one of each for a run."""

from __future__ import annotations

import gc
import os
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch
from urllib.parse import urlsplit

import boto3
import hypothesis
import pytest
from moto.server import ThreadedMotoServer

from local.gateway import LocalContext
from local.moto_transactions import cheap_transactions
from support import emulator, engines
from support.child_processes import run
from support.emulated_stack import Deployer, Stack, artifact
from support.emulator import Emulator, emulated_aws
from support.examples import examples
from support.fast_moto import fast_moto
from support.lambda_context import PLENTY
from support.repository import ROOT
from support.sam_api import SamApi, remove_containers, start_api
from support.stand_ins import Aws

# No example fails because the machine is busy.
hypothesis.settings.register_profile(
    "rollcall",
    max_examples=examples(50, thorough=500),
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("rollcall")


def pytest_collection_finish() -> None:
    """Spare the garbage collector the modules and the collected tests, which live until the end of the run."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


@pytest.fixture(scope="session", autouse=True)
def _fast_moto() -> Iterator[None]:
    """Let moto and botocore do once what has the same result each time."""
    with fast_moto():
        yield


@pytest.fixture(scope="session", autouse=True)
def _own_registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the servers of tests register themselves where those of this machine's user do not."""
    with patch.dict(os.environ, {"XDG_RUNTIME_DIR": str(tmp_path_factory.mktemp("runtime"))}):
        yield


@pytest.fixture(scope="session", autouse=True)
def _time_enough() -> Iterator[None]:
    """Let no request at the local gateway end for lack of time because the machine is busy."""
    with patch.object(LocalContext, "get_remaining_time_in_millis", lambda context: PLENTY):
        yield


@pytest.fixture(scope="session")
def dynamodb_local() -> Iterator[str]:
    """The endpoint of DynamoDB Local, started once for all tests of this process; each has tables of its own there."""
    if (why_not := engines.missing()) is not None:
        pytest.skip(why_not)
    with engines.dynamodb_local(*engines.FOR_MINUTES) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def sam() -> Iterator[str]:
    """The SAM CLI, of which no container is left; fails with what to do where something that it needs is missing."""
    if not (ROOT / ".aws-sam" / "build" / "template.yaml").is_file():
        pytest.fail("nothing is built: run make test-sam-local, which builds first")
    if run(["docker", "info"]).returncode:
        pytest.fail("no Docker engine answers (docker info): start one")
    found = shutil.which("sam") or str(ROOT / ".venv-sam" / "bin" / "sam")
    if not Path(found).is_file():
        pytest.fail("the SAM CLI is missing: run make test-sam-local, which installs it")
    remove_containers()
    yield found
    remove_containers()


@pytest.fixture(scope="session")
def sam_environment() -> dict[str, str]:
    """The environment of `sam`: no credentials of this machine, no questions home."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        # The SAM CLI asks whose account it is, and would ask five times where no server answers: six seconds each time.
        "AWS_MAX_ATTEMPTS": "1",
        "SAM_CLI_TELEMETRY": "0",
    }


@pytest.fixture(scope="session")
def stand_ins(sam: str) -> Iterator[Aws]:
    """DynamoDB and Secrets Manager at the address that samconfig.toml gives to containers."""
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    overrides = settings["default"]["local_invoke"]["parameters"]["parameter_overrides"].split()
    endpoint = dict(override.split("=", 1) for override in overrides)["LocalEndpoint"]
    address = urlsplit(endpoint)
    assert address.hostname
    assert address.port
    server = ThreadedMotoServer(ip_address=address.hostname, port=address.port, verbose=False)
    with cheap_transactions():
        yield from _serving(server, endpoint)


def _serving(server: ThreadedMotoServer, endpoint: str) -> Iterator[Aws]:
    server.start()
    session = boto3.Session("test", "test", region_name="eu-central-1")
    yield Aws(
        session.client("dynamodb", endpoint_url=endpoint),
        session.client("secretsmanager", endpoint_url=endpoint),
        session.client("events", endpoint_url=endpoint),
        session.client("logs", endpoint_url=endpoint),
    )
    server.stop()


@pytest.fixture(scope="session")
def sam_api(
    stand_ins: Aws, sam: str, sam_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SamApi]:
    """The API as `sam local start-api` serves it."""
    stand_ins.start_over()
    with start_api(sam, sam_environment, stand_ins, tmp_path_factory.mktemp("start-api") / "log") as api:
        yield api


@pytest.fixture(scope="session")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """The AWS services of the stack in a local process."""
    if not emulator.PYTHON.is_file():
        pytest.skip("ministack is missing: run make prove, which installs it")
    with emulated_aws(tmp_path_factory.mktemp("emulator")) as running:
        yield running


@pytest.fixture(scope="session")
def deployer(emulated: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """A deployer of this repository's stack to the emulator."""
    return Deployer.of(emulated, artifact(tmp_path_factory.mktemp("artifact")))


@pytest.fixture(scope="session")
def stack(deployer: Deployer) -> Iterator[Stack]:
    """The stack `rollcall`, deployed."""
    with deployer.deployed("rollcall") as deployed:
        yield deployed
