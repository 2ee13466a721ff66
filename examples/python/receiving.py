"""Rollcall's events as they reach an application: from a queue, over HTTP, or from a file.

`consume` gives each event to a function of the application, which `keep_copy.py`, `sync_cognito.py` and
`end_sessions.py` define. Where the events come from is a setting of the environment, one of:

- `QUEUE_URL`: an SQS queue, as docs/events/consumer.yaml makes one. Needs `sqs:ReceiveMessage` and `sqs:DeleteMessage`
  of that queue. A message is deleted when the function has returned, so when its transaction is committed. A message
  that the function cannot use stays in the queue, and after five attempts SQS moves it to the dead-letter queue.
- `EVENTS_PORT`: a port of 127.0.0.1, for the local server: `EVENTS_URL=http://127.0.0.1:9000/ make run`.
- `EVENTS_FILE`: a file with one event a line, as `EVENTS_FILE=events.jsonl make run` writes it, read once to its end.

An event may come more than once, late, and out of order (docs/events). So it says "look again", and what the
application does with it must come to the same however often it is done.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

LONGEST_WAIT = 20
"""Seconds. Long polling: SQS answers as soon as there is a message, and an empty queue costs three calls a minute."""
MOST_BYTES = 1_048_576
"""Of an event over HTTP. One on EventBridge has 256 KB."""


class MalformedEvent(ValueError):
    """What came is no event of Rollcall; it will not become one by being tried again."""


class Unavailable(Exception):
    """A database or a service does not answer. No message is to blame, so no more are received."""


@dataclass(frozen=True)
class Event:
    """One event. It is about a user or a group; both are None for a kind that this code does not know yet.

    `version` is that of the user or group after the change; None once it is gone. `detail` is described by the schemas
    in docs/events.
    """

    kind: str
    account: str
    user_id: str | None
    group_id: str | None
    version: int | None
    detail: Mapping[str, Any]

    @property
    def replayed(self) -> bool:
        """True for the present state, published again by `rollcall events replay`."""
        return self.detail.get("replay") is True


Handle = Callable[[Event], None]


def parse(text: str | bytes) -> Event:
    """The event in EventBridge's envelope; raises `MalformedEvent`."""
    try:
        return event_of(json.loads(text))
    except (ValueError, RecursionError):
        raise MalformedEvent("not an event of Rollcall") from None


def event_of(envelope: Any) -> Event:
    """The same of an envelope that is parsed already."""
    try:
        detail = envelope["detail"]
        event = Event(
            kind=envelope["detail-type"],
            account=detail["account"],
            user_id=detail.get("userId"),
            group_id=detail.get("groupId"),
            version=detail.get("version"),
            detail=detail,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise MalformedEvent(f"not an event of Rollcall ({type(error).__name__})") from None
    texts = (event.kind, event.account, event.user_id or "", event.group_id or "")
    if envelope.get("source") != "rollcall" or not all(isinstance(text, str) for text in texts):
        raise MalformedEvent("not an event of Rollcall (its source, or an id)")
    if not isinstance(event.version, int | None):
        raise MalformedEvent("not an event of Rollcall (its version)")
    return event


def work(sqs: Any, queue_url: str, handle: Handle, wait: int = LONGEST_WAIT) -> int:
    """Receive messages once, at most ten, and handle each; return how many are done and deleted.

    `sqs` is a boto3 client. `Unavailable` and errors of AWS pass through, after what was done is deleted; the message
    that met them, and those behind it, come again when their visibility timeout is over.
    """
    answer = sqs.receive_message(QueueUrl=queue_url, MaxNumberOfMessages=10, WaitTimeSeconds=wait)
    done: list[dict[str, str]] = []
    try:
        for message in answer.get("Messages", ()):
            try:
                handle(parse(message["Body"]))
            except (Unavailable, BotoCoreError, ClientError):
                raise
            except Exception as error:
                # Left in the queue: SQS counts the attempts. What the error says may be personal.
                print(f"message {message['MessageId']} failed: {type(error).__name__}", file=sys.stderr)
            else:
                done.append({"Id": str(len(done)), "ReceiptHandle": message["ReceiptHandle"]})
    finally:
        if done:
            # One that cannot be deleted comes again, which does no harm.
            sqs.delete_message_batch(QueueUrl=queue_url, Entries=done)
    return len(done)


def lambda_handler(handle: Handle) -> Callable[[dict[str, Any], object], dict[str, Any]]:
    """A handler for Lambda, whose trigger is the rule itself, or the queue.

    The mapping of the queue needs `FunctionResponseTypes: [ReportBatchItemFailures]`: the answer names the messages
    that failed, and Lambda deletes the others.
    """

    def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
        if "Records" not in event:
            handle(event_of(event))
            return {}
        failed = []
        for record in event["Records"]:
            try:
                handle(parse(record["body"]))
            except Exception as error:
                print(f"message {record['messageId']} failed: {type(error).__name__}")
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}

    return handler


def serve(port: int, handle: Handle) -> HTTPServer:
    """A server on 127.0.0.1 for the events of `make run`, one at a time; `serve_forever` starts it.

    An event that failed is answered 503, and comes again.
    """

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(self.outcome())
            self.send_header("Content-Length", "0")
            self.end_headers()

        def outcome(self) -> int:
            length = self.headers.get("Content-Length", "")
            # A page in a browser cannot send this type to another site without being asked for permission first.
            if self.headers.get("Content-Type") != "application/json" or not length.isdecimal():
                return 415
            if int(length) > MOST_BYTES:
                return 413
            try:
                handle(parse(self.rfile.read(int(length))))
            except MalformedEvent:
                return 400
            except Exception as error:
                print(f"an event failed: {type(error).__name__}: {error}", file=sys.stderr)
                return 503
            return 204

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing about each request."""

    return HTTPServer(("127.0.0.1", port), Receiver)


def read_file(path: Path, handle: Handle) -> int:
    """Handle the events of a file, one a line; return their number."""
    with path.open(encoding="utf-8") as lines:
        events = [parse(line) for line in lines if line.strip()]
    for event in events:
        handle(event)
    return len(events)


def consume(handle: Handle, environ: Mapping[str, str] = os.environ) -> int:
    """Handle events from where the environment says; return the exit code of the process.

    A queue is read until something does not answer. Then the process ends, and what supervises it (ECS, systemd) starts
    it again later: going on would use up the attempts of messages that are not to blame.
    """
    try:
        if url := environ.get("QUEUE_URL"):
            sqs = boto3.client("sqs")
            while True:
                work(sqs, url, handle)
        if port := environ.get("EVENTS_PORT"):
            print(f"waiting for events: EVENTS_URL=http://127.0.0.1:{port}/ make run", flush=True)
            serve(int(port), handle).serve_forever()
        if file := environ.get("EVENTS_FILE"):
            print(f"{read_file(Path(file), handle)} events handled")
            return 0
    except (Unavailable, BotoCoreError, ClientError, OSError, ValueError) as error:
        print(f"ended: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    print("Set QUEUE_URL, EVENTS_PORT or EVENTS_FILE: where the events come from.", file=sys.stderr)
    return 2
