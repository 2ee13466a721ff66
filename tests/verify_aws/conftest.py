"""An AWS account in moto, and `verify_aws` in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from support.small_verification import REGION, SessionWithOneClientEach, Verify, make_resources


@pytest.fixture(scope="package")
def session() -> boto3.Session:
    """One for all, as it takes time to read what the services are."""
    return SessionWithOneClientEach("testing", "testing", region_name=REGION)


@pytest.fixture
def aws(session: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    """An AWS account with a table, a secret, a log group, a role and a bucket of others."""
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        make_resources(session, "rollcall-verify")
        yield session


@pytest.fixture
def verify(aws: boto3.Session, tmp_path: Path) -> Verify:
    """The program, with small steps."""
    return Verify(aws, tmp_path)
