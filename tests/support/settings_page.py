"""The settings page as CloudWatch calls it, on an empty AWS, and its HTML as a browser parses it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

from moto import mock_aws

from adapters.aws import Clients
from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from adapters.secrets.setup_links import SetupLinks
from domain.accounts.deprovisioning import DeprovisioningGuard, Limit
from handlers.settings.buttons import Invitations
from handlers.settings.widget import SettingsWidget
from local.activity import FileActivity
from operations.table_creation import table_definition
from support.in_process import ENVIRONMENT, new_clients
from support.lambda_context import LambdaContext

PREFIX = "rollcall/connectors/"
BASE_URL = "https://scim.example.com/scim/v2"
CONTEXT = LambdaContext("4d1f6f4a-invocation")
HOSTILE = "<img src=x onerror=alert(1)>\"'</code><script>alert(2)</script>&amp;</style>"
VOID = {"input", "br", "img", "meta", "link"}


@dataclass
class Element:
    """An element with its attributes, its text and that of the elements in it, and its children."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Element] = field(default_factory=list)
    text: str = ""
    whole: str = ""

    def every(self, tag: str = "", **attributes: str) -> list[Element]:
        """The elements in it with this tag and these attributes, in the order of the document."""
        found = []
        for child in self.children:
            if (not tag or child.tag == tag) and attributes.items() <= child.attributes.items():
                found.append(child)
            found += child.every(tag, **attributes)
        return found

    @property
    def name(self) -> str:
        """Its accessible name."""
        return self.attributes.get("aria-label") or " ".join(self.whole.split())


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if any(element.tag == tag for element in self._open):
            while self._open.pop().tag != tag:
                pass

    def handle_data(self, data: str) -> None:
        self._open[-1].text += data
        for element in self._open:
            if element.tag != "style":
                element.whole += data


@dataclass
class Control:
    """A control of the page: what is before a `cwdb-action`, and the action's attributes and content."""

    element: Element
    action: Element

    @property
    def name(self) -> str:
        """Its accessible name."""
        return self.element.name

    @property
    def question(self) -> str:
        """What CloudWatch asks before the call; empty for nothing."""
        return self.action.attributes.get("confirmation") or ""

    @property
    def call(self) -> dict[str, Any]:
        """The event with which CloudWatch calls the function."""
        found: dict[str, Any] = json.loads(self.action.text)
        return found


class Html:
    """The page as a browser parses it."""

    def __init__(self, html: str) -> None:
        parser = _Parser()
        parser.feed(html)
        self.root = parser.root

    @property
    def tags(self) -> set[str]:
        """Every tag there is."""
        return {element.tag for element in self.root.every()}

    @property
    def text(self) -> str:
        """Its text, with one space for white space of any length."""
        return " ".join(self.root.whole.split())

    @property
    def controls(self) -> dict[str, Control]:
        """The controls that call the function, by their accessible names."""
        found = [
            Control(before, after)
            for parent in (self.root, *self.root.every())
            for before, after in zip(parent.children, parent.children[1:], strict=False)
            if after.tag == "cwdb-action" and after.attributes["action"] == "call"
        ]
        assert len({control.name for control in found}) == len(found), "no two controls have the same name"
        return {control.name: control for control in found}

    def facts(self, account: str) -> dict[str, str]:
        """The facts about an account, by their headings."""
        [card] = self.root.every("li", id=f"rc-of-{account}")
        return {
            " ".join(dt.whole.split()): " ".join(dd.whole.split())
            for dt, dd in zip(card.every("dt"), card.every("dd"), strict=True)
        }

    def accounts(self) -> list[str]:
        """The accounts in the order of the page."""
        return [" ".join(heading.whole.split()) for heading in self.root.every("h3")]


@dataclass
class Opened:
    """The settings page on an empty AWS; `file` is where its log lines go."""

    page: SettingsWidget
    clients: Clients
    file: Path

    def press(self, typed: dict[str, str] | None = None, **event: Any) -> str:
        """Call the function with an event, and with what was typed into the fields."""
        forms = {"widgetContext": {"forms": {"all": typed}}} if typed else {}
        return self.page(forms | event, CONTEXT)

    @property
    def accounts(self) -> Accounts:
        """The accounts, changed by the actor `test`."""
        return self.page.accounts("test")

    @property
    def links(self) -> SetupLinks:
        """The set-up links of the accounts."""
        return SetupLinks(self.clients.secretsmanager, PREFIX, lambda: "test")

    def key_of(self, account: str) -> str:
        """The text of an account's current key."""
        return self.accounts.show(account).current.key.text

    def guard(self, account: str, limit: Limit) -> DeprovisioningGuard:
        """The deprovisioning guard of an account."""
        return self.page.table.account(account, MonotonicDeadline.after(60)).guard(limit)

    def audits(self) -> list[dict[str, Any]]:
        """The audit lines so far."""
        lines = [json.loads(line) for line in self.file.read_text().splitlines()] if self.file.exists() else []
        return [line for line in lines if line["message"] == "audit"]

    def audited(self) -> list[tuple[str, str]]:
        """What was audited, about which account."""
        return [(line["what"], line["account"]) for line in self.audits()]


@contextmanager
def opened_page(file: Path) -> Iterator[Opened]:
    """The page over moto, with its log lines in `file`."""
    with patch.dict(os.environ, ENVIRONMENT), mock_aws(), closing(Log.to_file(file)) as log:
        clients = new_clients()
        clients.dynamodb.create_table(**table_definition("users"))
        page = SettingsWidget(
            BASE_URL,
            reveals=True,
            accounts=lambda actor: Accounts(clients.secretsmanager, PREFIX, lambda: actor),
            table=Table(clients.dynamodb, "users"),
            activity=FileActivity(file),
            log=log,
            invitations=lambda actor: Invitations(
                SetupLinks(clients.secretsmanager, PREFIX, lambda: actor), "https://scim.example.com/setup"
            ),
        )
        yield Opened(page, clients, file)
