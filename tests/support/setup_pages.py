"""What the set-up page shows in each state of a link, and its templates filled in with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, get_args

from domain.accounts.consoles import IdentityProvider, console_setups
from handlers.pages import templates_of
from handlers.setup.view import Failure, Light, LightName, SetupView

NOW: Final = datetime(2026, 11, 27, 9, 30, tzinfo=UTC)
BASE_URL: Final = "https://abc123.execute-api.eu-central-1.amazonaws.com/live/scim/v2"
KEY: Final = "rck_acme_0123456789ABCDEFGHIJKLMNOPQRSTUVexampl"
LIGHTS: Final[tuple[LightName, ...]] = get_args(LightName)
ADDRESS_TAKEN: Final = Failure(
    at=NOW - timedelta(minutes=2),
    operation="CreateUser",
    status=409,
    reason="email-exists",
    explanation="A user with this e-mail address already exists.",
    remedy="Use a test e-mail address that no user has, and activate again.",
    times=3,
)


def setup_view(
    idp: IdentityProvider | None = "jumpcloud", *, groups: bool = False, on: int = 0, **changes: Any
) -> SetupView:
    """The view of a link whose first `on` lights are on; `changes` are further fields of it."""
    names = LIGHTS if groups else LIGHTS[:-1]
    lights = (
        Light(name, NOW - timedelta(minutes=20 - 3 * place) if place < on else None) for place, name in enumerate(names)
    )
    view = SetupView(
        account="acme",
        base_url=BASE_URL,
        groups=groups,
        enabled=True,
        idp=idp,
        consoles=console_setups(BASE_URL, f"rck_acme_{'*' * 8}mple", groups=groups),
        expires_at=NOW + timedelta(days=7),
        revealed_at=None,
        lights=tuple(lights),
        failures=(),
        users=0,
        user_groups=0,
        now=NOW,
    )
    return replace(view, **changes)


STATES: Final = {
    "nothing yet": setup_view(None),
    "jumpcloud": setup_view("jumpcloud"),
    "entra with groups": setup_view("entra", groups=True),
    "okta": setup_view("okta", on=1),
    "key shown before": setup_view("jumpcloud", on=2, revealed_at=NOW - timedelta(minutes=15)),
    "refused requests": setup_view(
        "jumpcloud", on=2, revealed_at=NOW - timedelta(minutes=15), failures=(ADDRESS_TAKEN,)
    ),
    "everything green": setup_view(
        "okta", groups=True, on=5, revealed_at=NOW - timedelta(minutes=25), users=1_284, user_groups=12
    ),
    "account off": setup_view("jumpcloud", enabled=False),
    "sources silent": setup_view("jumpcloud", on=1, users=None, user_groups=None, up_to_date=False),
}
"""The states of a link, by what is special about each."""

REFUSED: Final = {
    "title": "This link does not work any more",
    "explanation": "It has expired, or somebody withdrew it.",
    "remedy": "Ask the people who sent you the link for a new one.",
}


def fragment(template: str, **values: Any) -> str:
    """The text of a template of the set-up page."""
    return templates_of("handlers.setup").get_template(template).render(**values)
