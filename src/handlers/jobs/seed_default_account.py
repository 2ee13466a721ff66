"""CloudFormation custom resource: gives the account `default` its first Connector Key when the stack is created.

The key goes from this function into the secret and nowhere else: not into the template, the stack's outputs, the
answer to CloudFormation or a log. `rollcall account show default --reveal` shows it to those who may read the secret.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from adapters.aws import Clients
from adapters.environment import Variables
from adapters.secrets.accounts import Accounts
from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from domain.accounts.connector_key import InvalidAccountName
from handlers.environment.first_key import FirstKeyEnvironment
from handlers.start import made_at_start

Event = dict[str, Any]
Respond = Callable[[str, bytes], None]

ALLOWED_SCHEMES: Final[tuple[str, ...]] = ("https",)
_SECONDS_TO_ANSWER: Final = 10


@dataclass(frozen=True, slots=True)
class FirstKey:
    """Answers the requests of CloudFormation; `respond` sends an answer to an address."""

    accounts: Accounts
    respond: Respond

    @classmethod
    def from_env(cls, env: Variables = os.environ) -> FirstKey:
        """Raise `InvalidEnvironment` for a variable that is missing."""
        prefix = FirstKeyEnvironment.from_env(env).connector_secret_prefix
        return cls(Accounts(Clients().secretsmanager, prefix, lambda: "cloudformation"), put)

    def __call__(self, event: Event, context: object) -> None:
        """Handle the event and report the outcome to its `ResponseURL`, for which a stack waits up to an hour."""
        account = event.get("ResourceProperties", {}).get("Account", "default")
        failure = None
        if event["RequestType"] == "Create":
            failure = seed(account, self.accounts)
        body = {
            "Status": "SUCCESS" if failure is None else "FAILED",
            "Reason": failure or "done",
            # The same for the resource's whole life, so that CloudFormation never replaces it.
            "PhysicalResourceId": event.get("PhysicalResourceId", f"first-connector-key-{account}"),
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
        }
        self.respond(event["ResponseURL"], json.dumps(body).encode())


def seed(account: str, accounts: Accounts) -> str | None:
    """Write the first key unless the secret has a usable connector. Returns the problem, or None.

    An existing connector stays as it is, also when it is switched off: CloudFormation repeats requests, and a recreated
    stack may find the secret of its predecessor.
    """
    try:
        if not accounts.exists(account):
            accounts.enable(account, replace=True)
    except (AdministrationError, InvalidAccountName) as error:
        return str(error)
    except ConnectorUnavailable as error:
        return error.remedy
    except Exception as error:
        # Only the type: the text of an unexpected error may contain anything.
        return f"unexpected {type(error).__name__}; see the function's log"
    return None


def put(url: str, body: bytes) -> None:
    """PUT to the pre-signed address, which requires an empty content type."""
    if urlsplit(url).scheme not in ALLOWED_SCHEMES:
        raise ValueError("ResponseURL is not an https address")
    request = Request(url, data=body, method="PUT", headers={"Content-Type": ""})  # noqa: S310 - checked above
    with urlopen(request, timeout=_SECONDS_TO_ANSWER):  # noqa: S310 - checked above
        pass


handler: Final = made_at_start(FirstKey.from_env)
