"""What the metrics count that observability.yaml makes of log lines; a metric filter has no place for a description."""

from __future__ import annotations

from typing import Final

METRICS: Final = {
    "AuthRejected": "Requests that were answered 401, and those with reason `too-many-wrong-keys`.",
    "ClientErrors": "Answers from 400 on that the client can prevent, and 501.",
    "DeprovisioningHalfUsed": "Requests that took access away when half of the account's limit was used up.",
    "DeprovisioningRefused": "Losses of access that the account's guard refused, operations of bulk requests included.",
    "Latency": "How long each request took, in milliseconds.",
    "OldKeys": "Accounts whose key is a year old or older, in the last hourly check.",
    "PreviousKeyEnding": "Requests with the previous key in the last 48 hours of its grace period.",
    "PreviousKeyUsed": "Requests with the previous key.",
    "RateLimited": "Requests beyond an account's rate.",
    "Requests": "All requests.",
    "SilentAccounts": "Accounts whose identity provider is silent, in the last hourly check.",
    "StorageRetries": "Calls of DynamoDB that were sent again.",
    "Succeeded": "Answers below 400.",
    "ToleranceApplied": "Tolerances that were needed.",
    "UniquenessConflicts": "Answers 409 because a value is taken, operations of bulk requests included.",
    "UnusableSecretUsed": "Requests that were answered 401 because the account's secret cannot be used.",
    "UnusableSecrets": "Accounts whose secret cannot be used, in the last hourly check.",
    "UsersDeactivated": "Users whose `active` became false.",
    "WrongKeys": "Requests that were answered 401 because the key is not that of an existing account.",
}
"""By the name of the metric."""
