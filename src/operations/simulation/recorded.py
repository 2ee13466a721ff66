"""The requests of the identity providers: recorded, documented, or inferred from what vendors report.

recorded.jsonl has one request in each line, with its source and how sure it is. `{id}`, `{managerId}` and `{token}`
are placeholders; `query` is the text as it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

FILE: Final = Path(__file__).with_name("recorded.jsonl")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One line of the file; `expect_status` is the right answer of a service without groups."""

    idp: str
    step: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: Any
    expect_status: int
    note: str
    source: str
    confidence: str

    def __str__(self) -> str:
        return f"{self.idp} {self.step}"


@cache
def recorded_requests() -> tuple[RecordedRequest, ...]:
    """Every line of the file, in its order."""
    return tuple(RecordedRequest(**json.loads(line)) for line in FILE.read_text(encoding="utf-8").splitlines())


def recorded_steps(idp: str) -> dict[str, RecordedRequest]:
    """The requests of one identity provider by step."""
    return {request.step: request for request in recorded_requests() if request.idp == idp}
