"""Delivery of events to EVENTS_URL, in order, each tried a bounded number of times, in its own thread."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import Final
from urllib.parse import urlsplit

import httpx

from local.events import Delivery, Published, PublishedEvents

MOST_WAITING: Final = 1_000
"""How many events wait for their turn; further ones are not delivered, and say so."""
ATTEMPTS: Final = 4
_FIRST_PAUSE: Final = 0.25
_SECONDS: Final = 5.0
"""The time that the receiver has for an answer."""
_STOP_SECONDS: Final = 1.0

Note = Callable[[str], None]
Send = Callable[[Published], str | None]
"""Sends an event once; returns why it failed, None when it was accepted."""


def is_web_address(text: str) -> bool:
    """True for an absolute http or https URL."""
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and address.port != 0
    except ValueError:
        return False


def is_webhook_secret(text: str) -> bool:
    """True for a secret that docs/events/webhook.yaml takes, too."""
    return re.fullmatch("[A-Za-z0-9+/=_-]{32,256}", text) is not None


def without_password(url: str) -> str:
    """The address as it may be shown: without user, password and query.

    >>> without_password("http://me:secret@127.0.0.1:9000/hook?token=1")
    'http://127.0.0.1:9000/hook'
    """
    address = urlsplit(url)
    return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"


def as_webhook(text: str, secret: str) -> tuple[dict[str, str], str]:
    """The headers and the body of an event as docs/events/webhook.yaml sends it; `text` is the event on the bus."""
    event = json.loads(text)
    detail = event["detail"]
    headers = {
        "Authorization": f"Bearer {secret}",
        "webhook-id": detail["idempotencyId"],
        "webhook-timestamp": str(detail["securityEvent"]["iat"]),
    }
    return headers, json.dumps({"type": event["detail-type"], "timestamp": detail["occurredAt"], "data": detail})


def post_to(url: str, secret: str | None = None) -> Send:
    """Return what posts an event to a URL as EventBridge would; any answer of 200 to 299 accepts it.

    With a secret it is a webhook (docs/webhooks.md), without one the event as it is on the bus.
    """

    def send(event: Published) -> str | None:
        headers, body = ({}, event.text) if secret is None else as_webhook(event.text, secret)
        headers["Content-Type"] = "application/json"
        try:
            with httpx.stream("POST", url, content=body, headers=headers, timeout=_SECONDS) as answer:
                return None if answer.is_success else f"answered {answer.status_code}"
        except httpx.TimeoutException:
            return f"no answer within {_SECONDS:.0f} s"
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return f"not reached ({type(error).__name__})"

    return send


class EventDelivery:
    """Sends events one after the other. An event that cannot be delivered is marked, and the next one follows.

    `note` gets a line for the terminal when deliveries begin to fail and when they work again.
    """

    def __init__(
        self,
        send: Send,
        events: PublishedEvents,
        note: Note,
        *,
        pause: Callable[[float], object] | None = None,
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._send = send
        self._events = events
        self._note = note
        self._waiting: Queue[Published] = Queue(most_waiting)
        self._ending = Event()
        self._pause = pause or self._ending.wait
        self._fails = False
        self._thread = Thread(target=self._run, name="event-delivery", daemon=True)

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End; what waits is not delivered, and a line says how much that is."""
        self._ending.set()
        self._thread.join(_STOP_SECONDS)
        if left := self._waiting.qsize():
            self._note(f"{left} events were not delivered to EVENTS_URL before the server stopped.")

    def deliver(self, event: Published) -> None:
        """Queue an event; returns at once."""
        try:
            self._waiting.put_nowait(event)
        except Full:
            self._failed(event, f"more than {self._waiting.maxsize:,} events were waiting")

    def again(self) -> int:
        """Queue the events that failed once more, oldest first; returns their number."""
        failed = [event for event in self._events.after(0)[1] if event.delivery is Delivery.FAILED]
        for event in failed:
            self._events.mark(event.id, Delivery.WAITING)
            self.deliver(event)
        return len(failed)

    def _run(self) -> None:
        while not self._ending.is_set():
            try:
                event = self._waiting.get(timeout=_STOP_SECONDS / 2)
            except Empty:
                continue
            self._try(event)

    def _try(self, event: Published) -> None:
        why: str | None = None
        for attempt in range(ATTEMPTS):
            if attempt:
                self._pause(_FIRST_PAUSE * 2**attempt)
            if self._ending.is_set():
                return
            why = self._send(event)
            if why is None:
                self._delivered(event)
                return
        self._failed(event, f"{why}, {ATTEMPTS} times")

    def _delivered(self, event: Published) -> None:
        self._events.mark(event.id, Delivery.DELIVERED)
        if self._fails:
            self._fails = False
            self._note(
                "EVENTS_URL accepts events again. To send the failed events again: rollcall --local events redrive"
            )

    def _failed(self, event: Published, why: str) -> None:
        self._events.mark(event.id, Delivery.FAILED, why)
        if not self._fails:
            self._fails = True
            self._note(f"EVENTS_URL: {why}. The page Events shows which events were not delivered.")
