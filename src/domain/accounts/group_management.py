"""What an operator reads when group management is switched on or off for an account: in the command and on the page."""

from __future__ import annotations

from typing import Final

JUMPCLOUD: Final = "JumpCloud"
ENTRA_ID: Final = "Microsoft Entra ID"
OKTA: Final = "Okta"

_JUMPCLOUD_SWITCH: Final = '"Enable management of User Groups and Group Membership in this application"'
_ENTRA_ID_MAPPING: Final = '"Provision Microsoft Entra ID Groups"'

STEPS: Final = {
    True: {
        JUMPCLOUD: f"Turn {_JUMPCLOUD_SWITCH} on.",
        ENTRA_ID: f"Under Mappings, set {_ENTRA_ID_MAPPING} to Yes.",
        OKTA: 'Add Push Groups to the supported provisioning actions; then choose the groups under "Push Groups".',
    },
    False: {
        JUMPCLOUD: f"Turn {_JUMPCLOUD_SWITCH} off.",
        ENTRA_ID: f"Under Mappings, set {_ENTRA_ID_MAPPING} to No.",
        OKTA: "Use neither Push Groups nor Import Groups.",
    },
}
"""What to do in each identity provider, by whether the account has groups."""


def question(account: str, *, switch_on: bool) -> str:
    """Return the question before groups are switched on or off."""
    if switch_on:
        return f"Switch groups on for {account}? Its identity provider may then create, change and delete groups."
    return (
        f"Switch groups off for {account}? Groups and their members are kept, but /Groups returns 404 until groups "
        "are on again."
    )


def next_steps(*, switched_on: bool) -> list[str]:
    """Return what to do next: a line for everybody, then one for each identity provider."""
    first = (
        "Existing groups, if any, can be reached again. Next, in the identity provider:"
        if switched_on
        else "The groups are kept. Next, change the identity provider, or it reports errors:"
    )
    return [first, *(f"{provider}: {step}" for provider, step in STEPS[switched_on].items())]
