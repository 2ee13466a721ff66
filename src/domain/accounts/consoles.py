"""The fields of the identity providers' set-up pages, with the providers' own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from domain.accounts.group_management import ENTRA_ID, JUMPCLOUD, OKTA, STEPS

IdentityProvider = Literal["jumpcloud", "entra", "okta"]
"""The names of the identity providers in commands and links."""


@dataclass(frozen=True, slots=True)
class ConsoleSetup:
    """One identity provider: the path to its page, the fields in order, and the steps after them."""

    idp: IdentityProvider
    name: str
    page: str
    fields: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]


def console_setups(base_url: str, key: str, *, groups: bool) -> tuple[ConsoleSetup, ...]:
    """The set-up pages of JumpCloud, Microsoft Entra ID and Okta, filled in, for an account with groups or without."""
    group_step = STEPS[groups]
    return (
        ConsoleSetup(
            "jumpcloud",
            JUMPCLOUD,
            "SSO Applications > your application > Identity Management (or Provisioning)",
            (
                ("API Type", "SCIM API"),
                ("SCIM Version", "SCIM 2.0"),
                ("Base URL", base_url),
                ("Token Key", key),
                ("Test User Email", "an address that no user has, in a domain of yours"),
            ),
            (
                "Press Test Connection.",
                group_step[JUMPCLOUD],
                "Press Activate, then Save. A test user appears and is removed again.",
            ),
        ),
        ConsoleSetup(
            "entra",
            ENTRA_ID,
            "Enterprise applications > your application > Provisioning > Admin Credentials",
            (
                ("Provisioning Mode", "Automatic"),
                ("Tenant URL", base_url),
                ("Secret Token", key),
            ),
            (
                "Press Test Connection, then Save.",
                group_step[ENTRA_ID],
                "Match on userName first. ?aadOptscim062020 at the end of the Tenant URL is allowed, not needed.",
            ),
        ),
        ConsoleSetup(
            "okta",
            OKTA,
            "Applications > your application > Provisioning > Integration",
            (
                ("SCIM connector base URL", base_url),
                ("Unique identifier field for users", "userName"),
                (
                    "Supported provisioning actions",
                    "Push New Users, Push Profile Updates" + (", Push Groups" if groups else " (no groups)"),
                ),
                ("Authentication Mode", "HTTP Header"),
                ("Authorization (Bearer)", key),
            ),
            (
                "Press Test Connector Configuration, then Save.",
                'Under "To App", enable Create Users, Update User Attributes and Deactivate Users.',
                *(['Under "Push Groups", choose the groups.'] if groups else []),
            ),
        ),
    )
