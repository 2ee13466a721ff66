"""Send Rollcall's events as webhooks with a signature, where a secret in a header is not enough (docs/webhooks.md).

A function of AWS Lambda (`sign_webhooks.handler`) behind the queue of docs/events/consumer.yaml. ENDPOINT is the
receiver's address, SECRET_ID names a secret of Secrets Manager that is the key. The event source mapping needs
`FunctionResponseTypes: [ReportBatchItemFailures]`, and a batch of 10 a time-out of a minute.
"""

from __future__ import annotations

import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import cache
from http.client import HTTPException
from typing import Any

import boto3

from webhook_receiver import signature

SECONDS = 5
"""That the receiver has for an answer."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow none: only the receiver gets events, and a redirect does not accept one."""


_OPENER = urllib.request.build_opener(_NoRedirect)


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Send each event of a batch; name those that were not accepted, which the queue gives again."""
    endpoint, secret = os.environ["ENDPOINT"], _secret(os.environ["SECRET_ID"])
    failed = []
    for record in event["Records"]:
        try:
            request = signed(endpoint, json.loads(record["body"]), secret, time.time())
            _OPENER.open(request, timeout=SECONDS).close()
        except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:  # OSError: also an answer but 2xx
            sys.stderr.write(f"{record['messageId']} was not accepted: {type(error).__name__}: {error}\n")
            failed.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failed}


def signed(endpoint: str, event: Mapping[str, Any], secret: str, now: float) -> urllib.request.Request:
    """The request for an event as it is on the bus; `now` is in seconds since 1970. Raises ValueError for no https."""
    if not endpoint.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError("ENDPOINT must begin with https://")
    detail = event["detail"]
    body = json.dumps({"type": event["detail-type"], "timestamp": detail["occurredAt"], "data": detail}).encode()
    message_id, timestamp = detail["idempotencyId"], str(int(now))
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    return urllib.request.Request(endpoint, body, headers, method="POST")  # noqa: S310 - checked above


@cache
def _secret(secret_id: str) -> str:
    """The key; a new one is used by the function's next process."""
    text: str = boto3.client("secretsmanager").get_secret_value(SecretId=secret_id)["SecretString"]
    return text.strip()
