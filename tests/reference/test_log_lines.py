"""docs/reference/log-fields.md has exactly the fields of the lines that are written."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any

import pytest

from adapters.logs import last_requests, publisher_telemetry, telemetry
from adapters.logs.log import Log
from adapters.logs.publisher_telemetry import BatchRecord
from adapters.logs.telemetry import OperationRecord, RequestRecord
from domain.accounts.silence import AccountWarning
from domain.effects import Adopted, Effects, Loss
from reference.docstrings import module_text
from reference.log_lines import COMMON, log_lines, messages_in, request_fields
from reference.metric_texts import METRICS
from reference.pages.log_fields import log_page
from support.metric_sources import emitted
from support.repository import ROOT

LINES = {each.message: each for each in log_lines()}


def written_by(write: Callable[[Log], None]) -> list[dict[str, Any]]:
    lines: list[str] = []
    write(Log.to_lines(lines.append))
    common = {each.name for each in COMMON}
    return [
        {name: value for name, value in json.loads(line).items() if name not in common - {"message"}} for line in lines
    ]


def full_record() -> RequestRecord:
    """A record with something in each field."""
    effects = Effects(deactivated=1, removed=1, displaced=1, refused=1, guard_used=1, guard_allowed=2)
    effects.adopted.append(Adopted("id", privileges_dropped=True))
    effects.taken_back.append("id")
    effects.let_through["id"] = "operator"
    effects.lost.append(Loss("another", "removed"))
    effects.members_joined = effects.members_left = effects.members_left_out = 1
    failed = OperationRecord(0, "CreateUser", 409, "x", "x", "x", True, "x", "x", "x", "x", "x")
    record = RequestRecord(
        "Bulk", "id", cold_start=True, effects=effects, bulk_operations=1, bulk_failures=[failed], counted_as=2,
        rate_unchecked=True, unlogged_refusals=1, duration_ms=1000, status=503,
    )  # fmt: skip
    for each in fields(RequestRecord):
        if getattr(record, each.name) is None:
            setattr(record, each.name, "x")
    record.tolerances, record.usage.retries = ["x"], 1
    return record


def test_the_lines_of_a_request_have_exactly_the_documented_fields() -> None:
    lines = written_by(lambda log: telemetry.emit(log, full_record()))
    half_used = RequestRecord(
        "DeleteUser", "id", cold_start=False, status=204, effects=Effects(half_used=True)
    ).fields()
    found = {line["message"]: line.keys() - {"message"} for line in lines}
    found["request"] = found["request"] | half_used.keys()

    assert found == {message: {each.name for each in LINES[message].fields} for message in found}
    assert found.keys() == {"request", "bulk-operation", "adoption", "let-through", "take-back", "lost-access"}


def test_fields_that_are_always_there_are_in_the_least_line() -> None:
    least = RequestRecord("GetUser", "id", cold_start=False, status=200).fields()

    assert least.keys() == {each.name for each in LINES["request"].fields if each.always}


def watch(log: Log) -> None:
    warning = AccountWarning("acme", "silent", silent_hours=1, previous_key_hours_left=1, key_age_days=1)
    last_requests.emit_warning(log, warning)


def publish(log: Log) -> None:
    names = [each.name for each in fields(BatchRecord)]
    publisher_telemetry.emit(log, BatchRecord(**dict.fromkeys(names, 1)))  # type: ignore[arg-type]  # something in each


@pytest.mark.parametrize(
    "write",
    [watch, publish, lambda log: last_requests.emit_summary(log, 1, 1, 1, 1)],
    ids=["watch", "publish", "watched"],
)
def test_the_lines_of_jobs_have_exactly_the_documented_fields(write: Callable[[Log], None]) -> None:
    [line] = written_by(write)

    assert line.keys() - {"message"} == {each.name for each in LINES[line["message"]].fields}


def test_an_audit_line_has_the_fields_that_are_documented_as_always_there() -> None:
    [line] = written_by(lambda log: telemetry.audit(log, "key-rotated", "acme", "ann", "1"))

    assert line.keys() - {"message"} == {each.name for each in LINES["audit"].fields if each.always}


def test_every_message_that_the_source_writes_is_documented() -> None:
    every = (path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py"))
    texts = [text for text in every if "write(" in text or "write_by_level(" in text]

    assert {message for text in texts for message in messages_in(text)} == LINES.keys()


def test_a_field_that_is_added_to_the_record_is_on_the_page_once_it_has_a_text() -> None:
    text = module_text("adapters/logs/telemetry.py")
    place = "    key_used: str | None = None\n"
    assert place in text

    more = text.replace(place, '    mood: str | None = None\n    """How it felt."""\n' + place)
    assert "| `mood` | text |  | How it felt. |" in log_page(log_lines(more))
    assert "mood" not in {each.name for each in request_fields(text)}
    with pytest.raises(LookupError, match="mood"):
        log_lines(text.replace(place, "    mood: str | None = None\n" + place))


def test_every_metric_is_explained_and_none_that_is_not_made() -> None:
    assert {source.metric for source in emitted()} == METRICS.keys()
