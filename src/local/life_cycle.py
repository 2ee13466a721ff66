"""Life-cycle events on this machine, put together: the table's stream, the publisher, the bus and where it delivers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

from adapters.aws import Clients
from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from domain.documents import Json
from handlers.jobs.publisher import Publisher
from handlers.jobs.unfinished import groups_in_table
from local.embedded_aws import REGION, LocalAws
from local.event_delivery import EventDelivery, post_to, without_password
from local.event_publishing import EventPublishing
from local.events import LocalBus, PublishedEvents
from local.table_streams import StreamMissing


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Where events go besides the page: `file` (appended to; None for one that ends with the server), `url`.

    With `secret`, they go to the URL as webhooks.
    """

    file: Path | None = None
    url: str | None = None
    secret: str | None = field(default=None, repr=False)


class LifeCycle:
    """Publishes the changes of a table until `running` is closed, once `start` was called.

    `note` gets lines for the terminal, `folder` is where the file goes if it has no place of its own.
    """

    def __init__(self, settings: EventSettings, folder: Path, note: Callable[[str], None], running: ExitStack) -> None:
        self.events = PublishedEvents()
        self.file = settings.file or folder / "events.jsonl"
        self.url = None if settings.url is None else without_password(settings.url)
        self.missing: str | None = None
        """Why nothing is published; None when it is."""
        self._note = note
        self._running = running
        self._delivery: EventDelivery | None = None
        self._publishing: EventPublishing | None = None
        self._publisher: Publisher | None = None
        if settings.url is not None:
            self._delivery = EventDelivery(post_to(settings.url, settings.secret), self.events, note)

    @property
    def publishes(self) -> bool:
        """True if changes are published."""
        return self._publishing is not None

    def follow(self, local_aws: LocalAws, table_name: str) -> None:
        """Find the table's stream. Where there is none, `missing` says why."""
        publishing: EventPublishing | None = None

        def wake() -> None:
            if publishing is not None:
                publishing.wake()

        try:
            stream = local_aws.stream(table_name, wake)
        except StreamMissing as error:
            self.missing = f"No life-cycle events are published, because of the DynamoDB that is used: {error}."
            return
        publishing = EventPublishing(stream, self._note)
        self._publishing = publishing
        if self._delivery is not None:
            self._running.callback(self._delivery.stop)
        self._running.callback(publishing.stop)

    def start(self, clients: Clients, table_name: str, issuer: str, log: Log) -> None:
        """Begin to publish; `issuer` is the base URI that security events name."""
        if self._publishing is None:
            return
        deliver = None if self._delivery is None else self._delivery.deliver
        bus: Any = LocalBus(self.events, self.file, REGION, deliver)
        if self._delivery is not None:
            self._delivery.start()
        publisher = Publisher(
            EventBus(bus, "local"), groups_in_table(clients, table_name), issuer, personal_data=False, log=log
        )
        self._publisher = publisher
        self._publishing.start(publisher)

    def replay(self, event: Json) -> Json | None:
        """Publish the current state of users and groups again: event and answer are those of the function Publisher.

        None where nothing is published. Raises `MalformedReplay`.
        """
        return None if self._publisher is None else self._publisher.replay(event, str(uuid4()))

    def again(self) -> int:
        """Queue the events that could not be delivered once more; returns their number."""
        return 0 if self._delivery is None else self._delivery.again()

    def as_json(self) -> Json:
        """Where events go, for the page."""
        return {"file": str(self.file), "url": self.url, "missing": self.missing}
