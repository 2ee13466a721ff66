"""The functions' environment: one error names the variable that is missing or malformed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adapters.environment import InvalidEnvironment
from handlers.environment.first_key import FirstKeyEnvironment
from handlers.environment.publisher import PublisherEnvironment
from handlers.environment.release import ReleaseEnvironment
from handlers.environment.service import ServiceEnvironment
from handlers.environment.settings import SettingsEnvironment
from handlers.environment.watch import WatchEnvironment

REQUIRED: dict[Callable[..., Any], dict[str, str]] = {
    ServiceEnvironment.from_env: {"TABLE_NAME": "users", "CONNECTOR_SECRET_PREFIX": "test/"},
    PublisherEnvironment.from_env: {
        "TABLE_NAME": "users",
        "EVENT_BUS_NAME": "users",
        "EVENT_ISSUER": "https://scim.example.com",
    },
    WatchEnvironment.from_env: {
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": "test/",
        "LOG_GROUPS": "requests",
        "SILENCE_HOURS": "168",
        "LOG_RETENTION_DAYS": "90",
    },
    SettingsEnvironment.from_env: {
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": "test/",
        "SCIM_CONNECTOR_BASE_URL": "https://scim.example.com",
        "LOG_GROUPS": "requests",
    },
    FirstKeyEnvironment.from_env: {"CONNECTOR_SECRET_PREFIX": "test/"},
    ReleaseEnvironment.from_env: {"CONNECTOR_SECRET_PREFIX": "test/", "NEW_VERSIONS": "{}"},
}


@pytest.mark.parametrize(
    ("from_env", "name"), [(from_env, name) for from_env, variables in REQUIRED.items() for name in variables]
)
def test_a_missing_or_empty_variable_is_named(from_env: Callable[..., Any], name: str) -> None:
    variables = REQUIRED[from_env]
    assert from_env(variables)

    for spoilt in ({other: value for other, value in variables.items() if other != name}, variables | {name: ""}):
        with pytest.raises(InvalidEnvironment, match=name):
            from_env(spoilt)


@pytest.mark.parametrize(
    ("from_env", "name"),
    [
        (ServiceEnvironment.from_env, "CONNECTOR_CACHE_SECONDS"),
        (WatchEnvironment.from_env, "SILENCE_HOURS"),
        (WatchEnvironment.from_env, "LOG_RETENTION_DAYS"),
        (ReleaseEnvironment.from_env, "NEW_VERSIONS"),
    ],
)
def test_a_malformed_variable_is_named_without_its_value(from_env: Callable[..., Any], name: str) -> None:
    with pytest.raises(InvalidEnvironment, match=name) as error:
        from_env(REQUIRED[from_env] | {name: "canary"})

    assert "canary" not in str(error.value)


@pytest.mark.parametrize(("text", "reveals"), [("true", True), ("false", False), ("", True)])
def test_the_settings_page_reveals_keys_unless_the_template_says_otherwise(text: str, reveals: bool) -> None:
    variables = REQUIRED[SettingsEnvironment.from_env] | {"SETTINGS_REVEAL": text}

    assert SettingsEnvironment.from_env(variables).reveals is reveals
