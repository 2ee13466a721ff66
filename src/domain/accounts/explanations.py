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
_WAIT: Final = "Nothing to correct: the identity provider repeats the request."
_SUPPORT: Final = _ask(
    "Our identity provider sends a request that the service refuses. What does your log say about it?"
)
_MAPPING: Final = "Compare the attribute mappings in the identity provider with its guide."
_GONE: Final = (
    "Provision the user or group again in the identity provider, so that it looks up what is there. If it keeps "
    "failing, clear its provisioning state, or restart provisioning."
)

_EXPLANATIONS: Final = {
    # Keys.
    "no-key": Explanation("The request had no Connector Key.", "Fill in the field for the key. " + _KEY),
    "no-scheme": Explanation(
        "The key came without the word Bearer before it.", "Choose a bearer token or HTTP header."
    ),
    "other-scheme": Explanation(
        "The identity provider signs in in another way than with a bearer token.",
        "Choose bearer token or HTTP header as the way to authenticate, and paste the Connector Key.",
    ),
    "bearer-twice": Explanation(
        "The word Bearer was pasted with the key.", "Paste the key without it: it begins with rck_."
    ),
    "malformed-key": Explanation("The key is not complete, or is another token.", _KEY),
    "wrong-key": Explanation(
        "The key was replaced or is of another account.",
        _KEY + " If it was replaced: " + _ask("Please send us a new set-up link."),
    ),
    "unknown-account": Explanation("The key is of an account that does not exist here.", _KEY),
    "unauthorized": Explanation("The key was not accepted.", _KEY),
    "too-many-wrong-keys": Explanation("Too many requests came with a wrong key.", _KEY + " Then wait a minute."),
    "account-disabled": Explanation(
        "Provisioning is switched off for your account.", _ask("Please switch SCIM on for our account.")
    ),
    "forbidden": Explanation("Your account may not do this.", _SUPPORT),
    "deprovisioning-paused": Explanation(
        "More users lost access within a day than your account allows, so deactivations and removals are paused.",
        "Check the scope in the identity provider. If it is intended: "
        + _ask("Please resume deprovisioning for our account."),
    ),
    # Users and groups that are there already, or not.
    "uniqueness": Explanation("A value that must be unique is taken.", "Use another value."),
    "user-name-exists": Explanation(
        "A user with this user name is there already, under another identity.",
        "For a test, use an address that no user has. For a real user: "
        + _ask("Please let our identity provider take over the users that are there already."),
    ),
    "email-exists": Explanation(
        "A user with this e-mail address is there already.",
        "For a test, use an address that no user has. For a real user: "
        + _ask("Please let our identity provider take over the users that are there already."),
    ),
    "group-name-exists": Explanation(
        "A group of this name is there already.", "Rename the group, or remove the one that a test left behind."
    ),
    "groups-not-provisioned": Explanation(
        "Groups are off for your account, and the identity provider sends groups.",
        "Switch group management off in the identity provider. If you want groups: "
        + _ask("Please switch groups on for our account."),
    ),
    "no-such-user": Explanation("The identity provider asked for a user who does not exist.", _GONE),
    "no-such-group": Explanation("The identity provider asked for a group that does not exist.", _GONE),
    "no-such-member": Explanation(
        "A group has a member who does not exist here.", "Assign that user to the application first."
    ),
    "nested-groups": Explanation("A group has another group as a member.", "Push groups whose members are users."),
    "nested-members": Explanation("A group has another group as a member.", "Push groups whose members are users."),
    "not-found": Explanation("There is nothing at this address.", "Compare the Base URL, with no slash at its end."),
    "no-such-endpoint": Explanation(
        "The request went to a path that the service does not have.", "Compare the Base URL, with no slash at its end."
    ),
    "method-not-allowed": Explanation("The service does not serve this kind of request.", _SUPPORT),
    "not-implemented": Explanation("The service does not support this request.", _SUPPORT),
    "filter-on-discovery": Explanation("The identity provider filtered where it must not.", _SUPPORT),
    # Bodies and parameters.
    "bad-request": Explanation("The request was not understood.", _SUPPORT),
    "invalid-syntax": Explanation("The request was not understood.", _SUPPORT),
    "invalid-value": Explanation("An attribute has a value that the service cannot take.", _MAPPING),
    "invalid-path": Explanation("The identity provider changes an attribute that the service does not have.", _MAPPING),
    "no-target": Explanation("The identity provider changes a value that the user does not have.", _MAPPING),
    "mutability": Explanation("The identity provider changes an attribute that cannot be changed.", _MAPPING),
    "invalid-filter": Explanation("The identity provider looked up users in a way that is not supported.", _SUPPORT),
    "invalid-cursor": Explanation("A list was continued in a wrong way.", _WAIT),
    "expired-cursor": Explanation("A list was continued too late.", _WAIT),
    "invalid-count": Explanation("The identity provider asked for too many users at once.", _SUPPORT),
    "too-many": Explanation("The request asked for more than the service does at once.", _SUPPORT),
    "payload-too-large": Explanation(
        "The request is too large.", "Send shorter values, such as no photos, or fewer members at once. " + _MAPPING
    ),
    "unresolved-bulk-id": Explanation("A bulk request refers to a part of it that failed.", _SUPPORT),
    "precondition-failed": Explanation("The user or group was changed meanwhile.", _WAIT),
    # The service.
    "throttled": Explanation("The service was busy.", _WAIT),
    "rate-limited": Explanation(
        "Your account sent more requests in a second than it may.",
        _WAIT + " If it lasts: " + _ask("Please raise the request rate of our account."),
    ),
    "unavailable": Explanation("The service could not answer for a moment.", _WAIT),
    "out-of-time": Explanation("The service ran out of time.", _WAIT),
    "contended": Explanation("The same user or group was changed by several requests at once.", _WAIT),
    "table-refused": Explanation("The service could not read or write its data.", _SUPPORT),
    "secrets-manager-unavailable": Explanation("The service could not check the key for a moment.", _WAIT),
    "secret-marked-for-deletion": Explanation("Your account is being removed.", _SUPPORT),
    "secret-malformed": Explanation("Your account is set up wrongly in the service.", _SUPPORT),
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
