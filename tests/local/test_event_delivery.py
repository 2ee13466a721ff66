"""Delivery of events to a URL that is slow, wrong, or down: in order, bounded, and never in anybody's way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Event, Thread

import pytest

from local.event_delivery import ATTEMPTS, EventDelivery, is_web_address, post_to
from local.events import MOST, Delivery, Published, PublishedEvents

SECONDS = 60


def published(number: int, text: str = "{}") -> Published:
    at = datetime(2030, 1, 31, tzinfo=UTC)
    return Published(0, f"e{number}", text, "UserUpdated", "acme", "u1", at, Delivery.WAITING)


@contextmanager
def delivering(
    send: Callable[[Published], str | None], events: PublishedEvents, notes: list[str], most_waiting: int = 1000
) -> Iterator[EventDelivery]:
    delivery = EventDelivery(send, events, notes.append, pause=lambda seconds: None, most_waiting=most_waiting)
    delivery.start()
    try:
        yield delivery
    finally:
        delivery.stop()


def states(events: PublishedEvents) -> dict[str, str]:
    return {event.id: event.delivery.value for event in events.after(0)[1]}


def test_an_event_that_fails_is_tried_a_bounded_number_of_times_and_the_next_follows() -> None:
    events, notes = PublishedEvents(), list[str]()
    sent: Queue[str] = Queue()

    def send(event: Published) -> str | None:
        sent.put(event.id)
        return "answered 500" if event.id == "e1" else None

    with delivering(send, events, notes) as delivery:
        for number in (1, 2, 3):
            events.add(published(number))
            delivery.deliver(published(number))
        seen = [sent.get(timeout=SECONDS) for _ in range(ATTEMPTS + 2)]

    assert seen == ["e1"] * ATTEMPTS + ["e2", "e3"]
    assert (states(events)["e1"], states(events)["e2"]) == ("failed", "delivered")
    assert events.after(0)[1][0].why == f"answered 500, {ATTEMPTS} times"
    assert notes[0].startswith("EVENTS_URL: answered 500")
    assert "accepts events again" in notes[1]


def test_a_receiver_that_hangs_holds_nobody_up_and_what_is_too_much_says_so() -> None:
    events, notes = PublishedEvents(), list[str]()
    begun, go_on = Event(), Event()

    def hang(event: Published) -> str | None:
        begun.set()
        go_on.wait(SECONDS)
        return None

    with delivering(hang, events, notes, most_waiting=2) as delivery:
        for number in range(6):
            events.add(published(number))
            delivery.deliver(published(number))
            assert begun.wait(SECONDS)
        assert list(states(events).values()) == ["waiting"] * 3 + ["failed"] * 3
        assert events.after(0)[1][-1].why == "more than 2 events were waiting"
        go_on.set()


def test_failed_events_are_sent_again_in_their_order() -> None:
    events, notes, sent = PublishedEvents(), list[str](), Queue[str]()
    works = False

    def send(event: Published) -> str | None:
        sent.put(event.id)
        return None if works else "not reached (ConnectError)"

    with delivering(send, events, notes) as delivery:
        for number in (1, 2):
            events.add(published(number))
            delivery.deliver(published(number))
        delivery.deliver(published(3))
        assert [sent.get(timeout=SECONDS) for _ in range(2 * ATTEMPTS + 1)][-1] == "e3"
        works = True
        while sent.qsize():
            sent.get()
        assert delivery.again() == 2
        seen = [sent.get(timeout=SECONDS) for _ in range(2)]
        while seen[-2:] != ["e1", "e2"]:
            seen.append(sent.get(timeout=SECONDS))
        delivery.deliver(published(4))
        while sent.get(timeout=SECONDS) != "e4":
            pass
        assert set(states(events).values()) == {"delivered"}


def test_the_newest_events_are_kept_and_a_change_is_seen_after_its_revision() -> None:
    events = PublishedEvents()
    for number in range(MOST + 3):
        events.add(published(number))
    revision, kept = events.after(0)
    events.mark("e10", Delivery.FAILED, "why")

    assert (len(kept), kept[0].id) == (MOST, "e3")
    assert [(event.id, event.delivery) for event in events.after(revision)[1]] == [("e10", Delivery.FAILED)]


def test_large_events_leave_room_for_few() -> None:
    events = PublishedEvents()
    for number in range(100):
        events.add(published(number, "x" * 200_000))

    assert sum(len(event.text) for event in events.after(0)[1]) <= 8_000_000


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200 if body == b'{"good":1}' else 302)
        self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


def test_only_an_answer_of_success_is_a_delivery() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        send = post_to(f"http://127.0.0.1:{server.server_port}/hook")
        try:
            assert send(published(1, '{"good":1}')) is None
            assert send(published(1, "{}")) == "answered 302"
        finally:
            server.shutdown()
            thread.join()

    assert str(send(published(1))).startswith("not reached")


@pytest.mark.parametrize("text", ["127.0.0.1:9000", "file:///etc/passwd", "http://", "http://[::1", "ftp://a/"])
def test_what_is_no_web_address_is_refused(text: str) -> None:
    assert not is_web_address(text)
