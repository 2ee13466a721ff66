"""The identity providers' set-up pages: fields, controls and steps, with the providers' own names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from domain.accounts.account import IdentityProvider
from domain.accounts.group_management import ENTRA_ID, JUMPCLOUD, OKTA, STEPS

__all__ = ["ConsoleSetup", "Control", "Field", "FieldKind", "IdentityProvider", "Step", "console_setups"]

FieldKind = Literal["choice", "checkboxes", "text", "base-url", "key", "advice"]
"""How a field is filled in: chosen, ticked (names with commas), typed, pasted, or with an own value, as advised."""

_KEY_HINT: Final = "The whole key, from rck_ to its last character, without the word Bearer."

_ROTATION: Final[dict[IdentityProvider, tuple[str, ...]]] = {
    "jumpcloud": (
        "Replace Token Key with the new key.",
        "Enter a Test User Email that no user has, then press Test Connection.",
        "Press Save. The connection stays active.",
    ),
    "entra": (
        "Replace Secret Token with the new key.",
        "Press Test Connection, then Save. Provisioning continues without a restart.",
    ),
    "okta": (
        "Press Edit and replace the value of Authorization with the new key.",
        "Press Test Connector Configuration, then Save.",
    ),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a provider's form, what belongs in it, and what to look out for."""

    label: str
    value: str
    kind: FieldKind
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Control:
    """A control that a step uses: a button to press, or a switch or checkbox with the state that it should have."""

    kind: Literal["button", "switch", "checkbox"]
    label: str
    on: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """What to do next, and the controls that it uses."""

    text: str
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class ConsoleSetup:
    """One identity provider: what it needs first, the path to its page, its form, the steps after that, and the end."""

    idp: IdentityProvider
    name: str
    before: str
    page: str
    form: tuple[Field, ...]
    guide: tuple[Step, ...]
    after: str

    @property
    def fields(self) -> tuple[tuple[str, str], ...]:
        """The fields' labels and values, in order."""
        return tuple((field.label, field.value) for field in self.form)

    @property
    def steps(self) -> tuple[str, ...]:
        """The texts of the steps, in order."""
        return tuple(step.text for step in self.guide)

    @property
    def rotation(self) -> tuple[str, ...]:
        """What to do with a new key when the connection works already."""
        return _ROTATION[self.idp]


def console_setups(base_url: str, key: str, *, groups: bool) -> tuple[ConsoleSetup, ...]:
    """The set-up pages of JumpCloud, Microsoft Entra ID and Okta, filled in, for an account with groups or without."""
    return _jumpcloud(base_url, key, groups), _entra(base_url, key, groups), _okta(base_url, key, groups)


def _jumpcloud(base_url: str, key: str, groups: bool) -> ConsoleSetup:
    return ConsoleSetup(
        "jumpcloud",
        JUMPCLOUD,
        "You need an SSO application that is bound to a user group. JumpCloud provisions only members of its groups.",
        "SSO Applications > your application > Identity Management (or Provisioning)",
        (
            Field("API Type", "SCIM API", "choice"),
            Field("SCIM Version", "SCIM 2.0", "choice"),
            Field("Base URL", base_url, "base-url", "Without a slash at the end."),
            Field("Token Key", key, "key", _KEY_HINT),
            Field(
                "Test User Email",
                "an unused address in your domain",
                "advice",
                "For example, scim-test@ and your domain. JumpCloud creates a user with this address and then "
                "removes it.",
            ),
        ),
        (
            Step("Press Test Connection.", (Control("button", "Test Connection"),)),
            Step(
                STEPS[groups][JUMPCLOUD],
                (
                    Control(
                        "switch",
                        "Enable management of User Groups and Group Membership in this application",
                        groups,
                    ),
                ),
            ),
            Step(
                "Press Activate, then Save. JumpCloud creates a test user and removes it.",
                (Control("button", "Activate"), Control("button", "Save")),
            ),
        ),
        "Add a user to a group of the application. JumpCloud provisions on its own schedule; allow a few minutes.",
    )


def _entra(base_url: str, key: str, groups: bool) -> ConsoleSetup:
    return ConsoleSetup(
        "entra",
        ENTRA_ID,
        "You need an enterprise application (New application > Create your own application > non-gallery). Assign "
        "users or a group to it under Users and groups.",
        "Enterprise applications > your application > Provisioning > Admin Credentials",
        (
            Field("Provisioning Mode", "Automatic", "choice"),
            Field("Tenant URL", base_url, "base-url"),
            Field("Secret Token", key, "key", _KEY_HINT),
        ),
        (
            Step(
                "Press Test Connection, then Save.",
                (Control("button", "Test Connection"), Control("button", "Save")),
            ),
            Step(STEPS[groups][ENTRA_ID], (Control("switch", "Provision Microsoft Entra ID Groups", groups),)),
            Step(
                "Under Mappings, keep userName as the first matching attribute. The Tenant URL may end with "
                "?aadOptscim062020, but need not."
            ),
            Step(
                "Press Provision on demand and choose one user. If it works, set Provisioning Status to On.",
                (Control("button", "Provision on demand"), Control("switch", "Provisioning Status")),
            ),
        ),
        "Entra ID provisions the assigned users and checks for changes about every 40 minutes.",
    )


def _okta(base_url: str, key: str, groups: bool) -> ConsoleSetup:
    tasks = ("Create Users", "Update User Attributes", "Deactivate Users")
    return ConsoleSetup(
        "okta",
        OKTA,
        "You need an application integration (SAML 2.0 or SWA) with SCIM provisioning enabled: General > App "
        "Settings > Edit > SCIM.",
        "Applications > your application > Provisioning > Integration",
        (
            Field("SCIM connector base URL", base_url, "base-url"),
            Field("Unique identifier field for users", "userName", "text"),
            Field(
                "Supported provisioning actions",
                "Push New Users, Push Profile Updates" + (", Push Groups" if groups else ", not Push Groups"),
                "checkboxes",
            ),
            Field("Authentication Mode", "HTTP Header", "choice"),
            Field("Authorization (Bearer)", key, "key", _KEY_HINT),
        ),
        (
            Step(
                "Press Test Connector Configuration, then Save.",
                (Control("button", "Test Connector Configuration"), Control("button", "Save")),
            ),
            Step(
                'Under "To App", enable Create Users, Update User Attributes and Deactivate Users.',
                tuple(Control("checkbox", task) for task in tasks),
            ),
            *([Step('Under "Push Groups", choose the groups.', (Control("button", "Push Groups"),))] if groups else []),
        ),
        "Assign one user under Assignments.",
    )
