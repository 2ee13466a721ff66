"""The context that Lambda passes to a function with each event."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace

PLENTY = 30_000
"""Three times what the functions of the API have, in milliseconds. A thread of each service waits as long for a request
that does not end (`handlers.container.last_words`), so that more would leave thousands."""


def _no_identity() -> SimpleNamespace:
    return SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)


@dataclass
class LambdaContext:
    """The parts of the context that handlers read; `milliseconds` is the time that the invocation has left.

    Unless a test gives it less, that is more than a busy machine needs: no answer depends on its clock.
    """

    aws_request_id: str = "request"
    milliseconds: int = PLENTY
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:settings"
    identity: SimpleNamespace = field(default_factory=_no_identity)
    client_context: SimpleNamespace | None = None

    def get_remaining_time_in_millis(self) -> int:
        return self.milliseconds
