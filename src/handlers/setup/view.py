"""What the set-up page shows, as values: its templates get these and nothing else.

What its script can rely on, with all addresses relative to the page `/setup`:

| Request | Answer |
|---|---|
| `GET setup/NAME` | a file of `assets` |
| `POST setup/view` | the fragment of `view.html`, whose variable `view` is a `SetupView` |
| `POST setup/choose`, body `{"idp": "okta"}` | the same, with that identity provider remembered |
| `POST setup/reveal` | the fragment of `key.html` (`account`, `base_url`, `key`), once per link |

Each POST has the headers `Authorization: Bearer rcs_...` (what is behind the page's #) and `Content-Type:
application/json`, and a body that is a JSON object, or none. An answer of 400 or more is the fragment of `refused.html`
(`title`, `explanation`, `remedy`); 409 says that the key was shown before; 429 and 503 have `Retry-After`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from domain.accounts.account import IdentityProvider
from domain.accounts.consoles import ConsoleSetup
from domain.accounts.setup_progress import Light, LightName

__all__ = ["Failure", "Light", "LightName", "SetupView"]


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that was refused, in the words of the customer's administrator; it holds no value of the request.

    `times` counts equal failures, of which `at` is the last.
    """

    at: datetime
    operation: str
    status: int
    reason: str
    explanation: str
    remedy: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class SetupView:
    """The page of one link. It never holds a key; the answer of a reveal does, once."""

    account: str
    base_url: str
    groups: bool
    enabled: bool
    idp: IdentityProvider | None
    """The identity provider that the link or the administrator chose; None until then."""
    consoles: tuple[ConsoleSetup, ...]
    """The fields and steps of every identity provider, with the masked key."""
    expires_at: datetime
    revealed_at: datetime | None
    """When this link showed the key; it shows it once."""
    lights: tuple[Light, ...]
    failures: tuple[Failure, ...]
    """The latest first; at most ten."""
    users: int | None
    user_groups: int | None
    """How many users and groups the account has; None when the table does not answer."""
    now: datetime
    up_to_date: bool = True
    """False when the log did not answer, so that lights and failures may be missing."""
