"""The dashboard of template.yaml in a browser, drawn with the data of a local run: the picture of the docs."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
from playwright.sync_api import Browser, expect

from adapters import aws
from adapters.dynamodb import Table
from adapters.logs.activity import InsightsActivity
from adapters.settings import SETTINGS
from handlers.settings import widget as settings_widget
from preview.day import Day, a_day
from preview.page import WIDTH, page
from support.dashboard import Widget, body
from support.insights import LogsClient

pytestmark = pytest.mark.browser


def note(day: Day) -> str:
    """What the picture is, and what it is not."""
    requests = sum(line.get("message") == "request" for line in day.events)
    return (
        f"Rendered from template.yaml's dashboard with data of a local load run, not CloudWatch: {requests:,} requests "
        "through the handlers, spread over 24 hours. Latency is that of this machine with an embedded DynamoDB; "
        "DynamoDB units, invocations and log bytes are counted by AWS's rules. A local run has neither publisher "
        "nor alarms."
    )


def settings_page(day: Day) -> str:
    """The custom widget as CloudWatch would show it at the end of that day."""
    context = SimpleNamespace(
        invoked_function_arn="arn:aws:lambda:eu-central-1:123456789012:function:SettingsWidget", aws_request_id="1"
    )
    address = "https://abc123.execute-api.eu-central-1.amazonaws.com/live/scim/v2"
    with patch.dict(os.environ, {"SCIM_CONNECTOR_BASE_URL": address}):
        SETTINGS.forget()
        try:
            SETTINGS.__dict__["table"] = Table(aws.client("dynamodb"), "users")
            SETTINGS.__dict__["activity"] = InsightsActivity(LogsClient(day.events), [])
            return settings_widget.handler({}, context)
        finally:
            SETTINGS.forget()


def test_the_dashboard_shows_a_day_in_every_widget(browser: Browser, pictures: Path) -> None:
    with a_day(time.time()) as (day, _):
        html = page(body(), day, lambda _: settings_page(day), note(day))

    opened = browser.new_page(viewport={"width": WIDTH + 48, "height": 900})
    opened.set_content(html)

    widgets: list[Widget] = body()["widgets"]
    expect(opened.locator(".widget")).to_have_count(len(widgets))
    expect(opened.locator(".nothing")).to_have_count(0)
    expect(opened.get_by_text("User provisioning via SCIM")).to_be_visible()
    expect(opened.get_by_text("not CloudWatch")).to_be_visible()
    opened.screenshot(path=pictures / "dashboard-preview.png", full_page=True)
    opened.close()
