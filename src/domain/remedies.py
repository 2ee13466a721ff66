"""The operator's commands that errors suggest. `rollcall` has every one of them, which a test checks.

Errors are read by people in the identity provider's window or in the log; the name of an account is safe in a shell
(`domain.accounts.connector_key`), and any other value passes `domain.quoting.argument`.
"""

from __future__ import annotations

from typing import Final

from domain.quoting import argument

ACCOUNT: Final = "NAME"
"""Stands for the account in fixed texts."""
ACTIVITY: Final = "rollcall activity"
LOST_ACCESS: Final = f"{ACTIVITY} --lost-access"
SHOW_USER: Final = "rollcall users show"
RENAME_USER: Final = "rollcall users rename"
SET_USER: Final = "rollcall users set"
DELETE_USER: Final = "rollcall users delete"
SHOW_GROUP: Final = "rollcall groups show"
RENAME_GROUP: Final = "rollcall groups rename"
DELETE_GROUP: Final = "rollcall groups delete"
ENABLE_ACCOUNT: Final = "rollcall account enable"
FIND_EXTENSIONS: Final = (
    "The command reads the files in schemas/ of the repository, or in the directory that the environment variable "
    "ROLLCALL_SCHEMAS names."
)
"""Where the command finds the extensions that a deployment declares."""


def show_user(account: str, attribute: str, value: str) -> str:
    """Return the command that shows the user who has a userName or, for `emails.value`, an address.

    The commands that change a user take the same options.

    >>> show_user("acme", "userName", "ada")
    'rollcall users show --account acme --user-name=ada'
    """
    is_address = attribute == "emails.value"
    whom = argument("--email", value, "ADDRESS") if is_address else argument("--user-name", value, "NAME")
    return f"{SHOW_USER} --account {account} {whom}"


def show_group(account: str, name: str) -> str:
    """Return the command that shows the group of a displayName, with the number of its members.

    >>> show_group("acme", "Sales")
    'rollcall groups show --account acme --name=Sales'
    """
    return f"{SHOW_GROUP} --account {account} {argument('--name', name, 'NAME')}"


def show_account(account: str = ACCOUNT, *, reveal: bool = False) -> str:
    """Return the command that shows an account, with `reveal` its Connector Key too."""
    return f"rollcall account show {account}" + (" --reveal" if reveal else "")


def enable_account(account: str = ACCOUNT, *, replace: bool = False) -> str:
    """Return the command that switches SCIM on for an account, with `replace` in place of an unusable secret."""
    return f"{ENABLE_ACCOUNT} {account}" + (" --replace" if replace else "")


def match_existing_by_email(account: str = ACCOUNT) -> str:
    """Return the command that lets an account's identity provider take over users whom none manages yet."""
    return f"rollcall account set {account} match-existing-by-email on"


def tolerant(account: str = ACCOUNT) -> str:
    """Return the command that has known deviations of an account's identity provider accepted."""
    return f"rollcall account set {account} mode tolerant"


def groups_on(account: str = ACCOUNT) -> str:
    """Return the command that lets an account's identity provider manage groups."""
    return f"rollcall account set {account} groups on"


def extensions_on(account: str = ACCOUNT) -> str:
    """Return the command that gives an account all extensions that the deployment declares."""
    return f"rollcall account set {account} extensions all"


def raise_rate(account: str = ACCOUNT) -> str:
    """Return the command that sets how many requests a second an account may send."""
    return f"rollcall account set {account} requests-per-second N"


def resume(account: str = ACCOUNT) -> str:
    """Return the command that ends the pause of an account's deprovisioning."""
    return f"rollcall account resume {account}"


def let_through(account: str = ACCOUNT, whom: str = "--id ID") -> str:
    """Return the command that lets one user of a paused account lose access."""
    return f"rollcall account let-through {account} {whom}"
