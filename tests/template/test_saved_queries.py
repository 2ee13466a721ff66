"""The saved queries of Logs Insights: they find what they are for, and name no field that is not there.

`insights` reads no more of the query language than AWS documents.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from support.insights import Event, Query
from support.log_lines import events
from support.repository import ROOT
from support.stack_template import OF_THE_API, RESOURCES, of_type

OF_CLOUDWATCH = {"@timestamp", "@message", "@log", "@logStream"}
NAMES = {
    "failures", "by-account", "conflicts", "rejected-keys", "slow-requests", "tolerances", "deactivations",
    "previous-key", "server-errors", "publisher", "one-user", "audit", "crashes", "silent-accounts",
    "watch",
}  # fmt: skip
PREFIX = "${AWS::StackName}/"

QUERIES: dict[str, dict[str, Any]] = {
    properties["Name"]["Fn::Sub"].removeprefix(PREFIX): properties
    for properties in of_type("AWS::Logs::QueryDefinition").values()
}
each = pytest.mark.parametrize("name", QUERIES)


def rows(name: str, *, where: str = "", by: str = "") -> list[Event]:
    """What the query finds in the lines that the handlers wrote."""
    return Query.parse(QUERIES[name]["QueryString"].replace(where, by)).run(events())


def test_the_queries_are_there_under_the_name_of_their_stack() -> None:
    assert QUERIES.keys() == NAMES
    assert all(properties["Name"]["Fn::Sub"].startswith(PREFIX) for properties in QUERIES.values())


@each
def test_every_field_that_a_query_names_is_written_by_a_handler_or_by_cloudwatch(name: str) -> None:
    there = OF_CLOUDWATCH | {field for line in events() for field in fields(line)}

    assert Query.parse(QUERIES[name]["QueryString"]).reads <= there


@each
def test_a_query_finds_something_among_all_that_can_happen(name: str) -> None:
    assert rows(name, where="PUT THE ID OF THE USER HERE", by=some_user())


@each
def test_a_query_looks_into_the_logs_that_hold_what_it_asks_for(name: str) -> None:
    groups = QUERIES[name]["LogGroupNames"]
    of_requests = [{"Ref": f"{function}Log"} for function in OF_THE_API]
    elsewhere = {
        "audit": ["SettingsWidgetLog"],
        "crashes": ["PublisherLog", "WatchLog"],
        "publisher": ["PublisherLog"],
        "rejected-keys": ["ApiLog"],
        "silent-accounts": ["WatchLog"],
        "watch": ["WatchLog"],
    }

    assert all(RESOURCES[group["Ref"]]["Type"] == "AWS::Logs::LogGroup" for group in groups)
    expected = [{"Ref": group} for group in elsewhere.get(name, [])]
    assert groups == expected + ([] if name in ("audit", "publisher", "silent-accounts", "watch") else of_requests)


def test_the_failures_are_those_and_no_others() -> None:
    failed = [line["request_id"] for line in requests() if line["status"] >= 400]

    assert len(rows("failures")) == len(failed)
    assert all(row["status"] >= 400 and row["reason"] for row in rows("failures"))
    assert any("remedy" in row for row in rows("failures"))


def test_an_account_s_requests_and_failures_are_counted() -> None:
    (acme,) = [row for row in rows("by-account") if row["account"] == "acme"]
    lines = [line for line in requests() if line.get("account") == "acme"]

    assert acme["requests"] == len(lines)
    assert acme["refused_or_failed"] == sum(line["status"] >= 400 for line in lines)


def test_refusals_without_a_line_are_counted_for_the_account_that_sent_too_much() -> None:
    (limited,) = [row for row in rows("by-account") if row["account"] == "umbrella"]

    assert limited["refused_without_a_line"] == 1


def test_a_rejected_key_shows_the_reason_and_where_it_came_from() -> None:
    found = rows("rejected-keys")

    assert any("reason" in row and "sourceIp" not in row for row in found)
    assert any(row.get("sourceIp") == "192.0.2.7" for row in found)


def test_the_access_log_has_the_fields_that_are_asked_for() -> None:
    written = json.loads(re.sub(r"\$[\w.]+", "", RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"]))

    assert {"status", "sourceIp", "userAgent"} <= written.keys()


def test_tolerances_are_counted_one_by_one() -> None:
    assert {(row["account"], row["tolerance"]) for row in rows("tolerances")} == {
        (line["account"], tolerance) for line in requests() for tolerance in line.get("tolerances", ())
    }


def test_a_removal_a_deactivation_and_a_previous_key_are_found() -> None:
    found = rows("deactivations")

    assert any(row.get("users_removed") for row in found)
    assert any(row.get("users_deactivated") for row in found)
    assert min(row["hours_left"] for row in rows("previous-key")) < 2


def test_what_the_service_failed_at_has_a_cause_or_names_the_secret() -> None:
    assert any("secret" in row for row in rows("server-errors"))
    assert any("cause" in row for row in rows("server-errors"))


def test_a_key_of_an_account_whose_secret_is_unusable_is_found_among_the_rejected_ones() -> None:
    assert any(row.get("secret") and row["reason"] == "secret-malformed" for row in rows("rejected-keys"))


def test_the_look_names_silent_accounts_old_keys_and_unusable_secrets() -> None:
    reasons = {row["reason"] for row in rows("watch")}

    assert reasons >= {"silent", "key-old", "secret-malformed", "previous-key-ending"}
    assert max(row["key_days"] for row in rows("watch") if "key_days" in row) == 400


def test_a_field_that_nobody_writes_is_found_out() -> None:
    assert Query.parse("fields @timestamp, nothing as something | filter wrong > 1 | sort something").reads == {
        "@timestamp", "nothing", "wrong",
    }  # fmt: skip


def fields(line: Event) -> Iterator[str]:
    """The fields of a line, as Insights names them: members of objects with the dots between."""
    for name, value in line.items():
        yield name
        if isinstance(value, dict):
            yield from (f"{name}.{member}" for member in value)


def requests() -> list[Event]:
    return [line for line in events() if line.get("message") == "request"]


def some_user() -> str:
    return next(line["user_id"] for line in requests() if "user_id" in line)


def test_the_documentation_says_what_each_query_answers() -> None:
    text = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Saved queries")[2].partition("\n## ")[0]

    assert set(re.findall(r"^\| `([a-z-]+)` \|", section, flags=re.MULTILINE)) == QUERIES.keys()
