"""The service in this process, and its output."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from records.net import Net
from records.output import Output
from support.in_process import Client, InProcess, in_process


@pytest.fixture
def output(capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture) -> Output:
    return Output(capfd, caplog)


@pytest.fixture
def service(output: Output) -> Iterator[InProcess]:
    with in_process() as running:
        yield running


@pytest.fixture
def client(service: InProcess) -> Client:
    return service.account("acme")


@pytest.fixture
def net(output: Output) -> Net:
    return Net(output)
