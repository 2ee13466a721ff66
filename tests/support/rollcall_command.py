"""The operator's command in tests: its answer in JSON, and the secrets that it wrote."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from typer.testing import Result

from domain.accounts.account import Connector
from domain.accounts.connector_document import connector_from_json

Rollcall = Callable[..., Result]
Aws = Callable[[str], Any]

PREFIX: Final = "rollcall/connectors/"


def answer(result: Result, code: int = 0) -> Any:
    """The JSON of an answer with that exit code."""
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def kept(aws: Aws, account: str = "acme") -> Connector:
    """The account's connector as its secret holds it."""
    text = aws("secretsmanager").get_secret_value(SecretId=PREFIX + account, VersionStage="AWSCURRENT")["SecretString"]
    return connector_from_json(text, account)
