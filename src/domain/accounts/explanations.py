"""What a refused request means to the customer's administrator, who has no access to the service, by its reason.

Fixed texts: no value of a request is in them. Where only the operator can help, the remedy says what to ask.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Explanation(NamedTuple):
    """What happened, and what to do."""

    meaning: str
    remedy: str


def _ask(request: str) -> str:
    return f"Ask the operator of the application: \u201c{request}\u201d"


_KEY: Final = "Copy the whole Connector Key again, from rck_ to its last character, into the field for the key."
_WAIT: Final = (
    "Nothing to correct. Most identity providers send the request again. If a user stays out of date, provision that "
    "user again."
)
_SUPPORT: Final = _ask("The service refuses requests of our identity provider. What does your log show about them?")
_MAPPING: Final = "Compare the attribute mappings in the identity provider with its guide."
_GONE: Final = (
    "Provision the user or group again in the identity provider. If it fails again, clear the provisioning state or "
    "restart provisioning there."
)

_EXPLANATIONS: Final = {
    # Keys.
    "no-key": Explanation("The request had no Connector Key.", "Fill in the field for the key. " + _KEY),
    "no-scheme": Explanation(
        "The request had the key without the word Bearer before it.",
        "In the identity provider, choose bearer token or HTTP header as the authentication mode.",
    ),
    "other-scheme": Explanation(
        "The identity provider did not send a bearer token.",
        "Choose bearer token or HTTP header as the authentication mode, and paste the Connector Key.",
    ),
    "bearer-twice": Explanation(
        "The word Bearer was pasted with the key.", "Paste only the key, which begins with rck_."
    ),
    "malformed-key": Explanation("The key is incomplete, or is not a Connector Key.", _KEY),
    "wrong-key": Explanation(
        "The key was replaced, or belongs to another account.",
        _KEY + " If it was replaced: " + _ask("Please send us a new set-up link."),
    ),
    "unknown-account": Explanation("The key belongs to an account that does not exist here.", _KEY),
    "too-many-wrong-keys": Explanation("Too many requests had a wrong key.", _KEY + " Then wait a minute."),
    "account-disabled": Explanation(
        "Provisioning is switched off for your account.", _ask("Please switch SCIM on for our account.")
    ),
    "deprovisioning-paused": Explanation(
        "More users lost access within a day than your account allows, so deactivations and removals are paused.",
        "Check the scope in the identity provider. If it is intended: "
        + _ask("Please resume deprovisioning for our account."),
    ),
    # Existing and missing users and groups.
    "user-name-exists": Explanation(
        "A user with this user name already exists, but the identity provider does not know it.",
        "For a test, use an address that no user has. For a real user: "
        + _ask("Please let our identity provider take over the existing users."),
    ),
    "email-exists": Explanation(
        "A user with this e-mail address already exists.",
        "For a test, use an address that no user has. For a real user: "
        + _ask("Please let our identity provider take over the existing users."),
    ),
    "group-name-exists": Explanation(
        "A group with this name already exists.", "Rename the group, or delete the group that a test left behind."
    ),
    "groups-not-provisioned": Explanation(
        "The identity provider sends groups, but groups are off for your account.",
        "Switch group management off in the identity provider. If you want groups: "
        + _ask("Please switch groups on for our account."),
    ),
    "no-such-user": Explanation("The identity provider asked for a user who does not exist.", _GONE),
    "no-such-group": Explanation("The identity provider asked for a group that does not exist.", _GONE),
    "no-such-member": Explanation(
        "A member of the group does not exist here.", "Assign that user to the application first."
    ),
    "nested-groups": Explanation("A member of the group is another group.", "Push groups whose members are users."),
    "not-found": Explanation("There is nothing at this address.", "Check the Base URL; it has no slash at the end."),
    "no-such-endpoint": Explanation(
        "The service has no endpoint with this path.", "Check the Base URL; it has no slash at the end."
    ),
    "method-not-allowed": Explanation("The service does not support this method at this address.", _SUPPORT),
    "not-implemented": Explanation("The service does not support this request.", _SUPPORT),
    "filter-on-discovery": Explanation(
        "The identity provider sent a filter to an endpoint that accepts none.", _SUPPORT
    ),
    # Bodies and parameters.
    "invalid-syntax": Explanation("The request was not understood.", _SUPPORT),
    "invalid-value": Explanation("The service does not accept the value of an attribute.", _MAPPING),
    "invalid-path": Explanation("The identity provider changes an attribute that the service does not have.", _MAPPING),
    "no-target": Explanation("The identity provider changes a value that the user does not have.", _MAPPING),
    "mutability": Explanation("The identity provider changes an attribute that cannot be changed.", _MAPPING),
    "invalid-filter": Explanation("The identity provider looked up users in a way that is not supported.", _SUPPORT),
    "invalid-cursor": Explanation(
        "The identity provider asked for the next page of a list with a wrong cursor.", _WAIT
    ),
    "expired-cursor": Explanation("The identity provider asked for the next page of a list too late.", _WAIT),
    "invalid-count": Explanation("The identity provider asked for too many users at once.", _SUPPORT),
    "too-many": Explanation("The request asked for more than the service does in one request.", _SUPPORT),
    "payload-too-large": Explanation(
        "The request is too large.",
        "Send shorter values (for example, no photos) or fewer members at once. " + _MAPPING,
    ),
    "unresolved-bulk-id": Explanation("An operation of a bulk request refers to another one that failed.", _SUPPORT),
    "precondition-failed": Explanation("Another request changed the user or group in the meantime.", _WAIT),
    # The service.
    "throttled": Explanation("The service was busy.", _WAIT),
    "rate-limited": Explanation(
        "Your account sent more requests per second than its limit allows.",
        _WAIT + " If this continues: " + _ask("Please raise the request limit of our account."),
    ),
    "unavailable": Explanation("The service was briefly unavailable.", _WAIT),
    "out-of-time": Explanation("The service ran out of time.", _WAIT),
    "contended": Explanation("Several requests changed the same user or group at once.", _WAIT),
    "table-refused": Explanation("The service could not read or write its data.", _SUPPORT),
    "secrets-manager-unavailable": Explanation("The service could not check the key for a moment.", _WAIT),
    "secret-marked-for-deletion": Explanation("Your account is being removed.", _SUPPORT),
    "secret-malformed": Explanation("The service has a wrong configuration for your account.", _SUPPORT),
    "unexpected": Explanation("The service failed.", _SUPPORT),
    "killed": Explanation("The service ran out of time.", _WAIT),
}

REASONS: Final = frozenset(_EXPLANATIONS)
"""All reasons that have an explanation of their own."""
_OTHER: Final = Explanation("The request was refused.", _SUPPORT)


def explained(reason: str) -> Explanation:
    """What a reason of the log means; a general one for a reason of another release."""
    return _EXPLANATIONS.get(reason, _OTHER)


_OPERATIONS: Final = {
    "ListUsers": "Look up users",
    "SearchUsers": "Look up users",
    "GetUser": "Read a user",
    "CreateUser": "Create a user",
    "ReplaceUser": "Update a user",
    "PatchUser": "Update a user",
    "DeleteUser": "Delete a user",
    "ListGroups": "Look up groups",
    "SearchGroups": "Look up groups",
    "GetGroup": "Read a group",
    "CreateGroup": "Create a group",
    "ReplaceGroup": "Update a group",
    "PatchGroup": "Update a group",
    "DeleteGroup": "Delete a group",
    "Bulk": "Several changes at once",
    "Discovery": "Read what the service supports",
}
OPERATIONS: Final = frozenset(_OPERATIONS)


def operation_in_words(operation: str) -> str:
    """What the identity provider wanted to do.

    >>> operation_in_words("CreateUser"), operation_in_words("Unrouted")
    ('Create a user', 'Another request')
    """
    return _OPERATIONS.get(operation, "Another request")
