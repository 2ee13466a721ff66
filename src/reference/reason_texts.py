"""What the reasons mean that no error has: of log lines about what was done or found, and of rows of an import.

`domain.accounts.explanations` has what the reasons of refused requests mean.
"""

from __future__ import annotations

from typing import Final

LOG_REASONS: Final = {
    "adopted-existing-user": "An identity provider took over a user who was in the table already (line `adoption`).",
    "adopted-without-privileges": "The same, and the user lost roles, entitlements or userType that the identity "
    "provider did not send (line `adoption`).",
    "key-old": "The Connector Key of the account is a year old (line `watch`). Rotate it: "
    "`rollcall account rotate-key NAME`.",
    "let-through-by-operator": "A user lost access although the account's deprovisioning is paused, because an "
    "operator ran `rollcall account let-through` (line `let-through`).",
    "previous-key-ending": "The identity provider still sends the previous Connector Key, whose grace period ends "
    "within two days (line `watch`). Paste the current one: `rollcall account show NAME --reveal`.",
    "silent": "The identity provider of the account sent no request for the hours of the parameter `SilenceHours` "
    "(line `watch`). See [An identity provider has gone silent](../runbook.md#an-identity-provider-has-gone-silent).",
    "took-back-deactivated-user": "A create reactivated a deactivated user who has the same userName (line "
    "`take-back`).",
}
"""By the reason, in Markdown."""

ROW_REASONS: Final = {
    "duplicate-email": "An earlier row of the file has the same e-mail address.",
    "duplicate-user-name": "An earlier row of the file has the same userName.",
    "invalid-csv": "The line is not CSV: a quotation mark is missing, or one within a value is not doubled.",
    "invalid-email": "The cell is not one plain e-mail address.",
    "invalid-id": "The id is not one that this service gives.",
    "invalid-json": "The line is not a JSON object with a user or group.",
    "invalid-value": "A cell or member has a value that its attribute cannot have.",
    "missing-group": "The row names no group.",
    "missing-user-name": "The row has neither a userName nor an e-mail address.",
    "unknown-extension": "The row has attributes of an extension that the command does not find.",
    "unknown-user": "The account has no user whom the row names as a member.",
    "wrong-number-of-cells": "The row has more or fewer cells than the header: a value with a separator needs quotes.",
}
"""By the reason."""
