"""AWS for commands that only ask: each operation answers as the test says, and botocore checks what it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, Final
from unittest import mock

from botocore.client import BaseClient, ClientCreator
from botocore.loaders import Loader

from support.deploy_policy import action_of, not_allowed

_LOADER: Final = Loader()
"""The descriptions of the services, read once: every command makes a session of its own."""

Answer = dict[str, Any] | str | Exception | Callable[[dict[str, Any]], Any]


class AnsweringAws:
    """Answers of AWS by operation, such as `DescribeStacks`; an operation that has none is refused.

    An answer is the document, the code of an error, an exception, or a function of the parameters that returns one of
    these.
    """

    def __init__(self, **answers: Answer) -> None:
        self.answers: dict[str, Answer] = dict(answers)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        """Operations with their parameters, in order."""
        self.actions: set[str] = set()
        """The actions of IAM that they need."""

    def of(self, operation: str) -> list[dict[str, Any]]:
        """The parameters of each call of an operation."""
        return [parameters for name, parameters in self.asked if name == operation]

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Let all clients that are made meanwhile ask here; what they ask must be allowed in docs/deploy-policy."""
        create = ClientCreator.create_client

        def created(creator: ClientCreator, *arguments: Any, **options: Any) -> BaseClient:
            client = create(creator, *arguments, **options)
            client.meta.events.register("provide-client-params.*.*", self._note)
            client.meta.events.register("before-call.*.*", self._answer)  # type: ignore[arg-type]  # it may return an answer
            return client

        with (
            mock.patch.object(ClientCreator, "create_client", created),
            mock.patch("botocore.session.create_loader", return_value=_LOADER),
        ):
            yield
        assert not not_allowed(self.actions)

    def _note(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.asked.append((model.name, params))
        self.actions.add(action_of(model))

    def _answer(self, model: Any, **_: Any) -> tuple[SimpleNamespace, dict[str, Any]]:
        answer = self.answers.get(model.name, "AccessDeniedException")
        if callable(answer) and not isinstance(answer, Exception):
            answer = answer(self.of(model.name)[-1])
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            error = {"Error": {"Code": answer, "Message": answer}, "ResponseMetadata": {}}
            return SimpleNamespace(status_code=400), error
        return SimpleNamespace(status_code=200), answer
