"""The least SCIM service that an identity provider is content with, faults to put into it, and what the doctor says."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typer.testing import CliRunner, Result

from cli.main import app
from domain.accounts.connector_key import ConnectorKey

KEY = ConnectorKey.generate("acme", Random(1).randbytes).text
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"

Answer = tuple[int, Any]


@dataclass
class Service:
    """The least SCIM service that an identity provider is content with, and faults to put into it.

    A fault answers in the place of the service: it is given method, path and the right answer.
    """

    base_url: str = ""
    key: str = KEY
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] | None = None
    """None while it has no groups."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    fault: Callable[[str, str, Answer], Answer] = lambda method, path, answer: answer
    content_type: str = "application/scim+json"

    def answer(self, method: str, target: str, key: str | None, body: Any) -> Answer:
        url = urlsplit(target)
        path = url.path.removeprefix("/scim/v2")
        self.requests.append((method, path))
        if key != f"Bearer {self.key}":
            return self.fault(method, path, error(401, "wrong key"))
        return self.fault(method, path, self.serve(method, path, parse_qs(url.query), body))

    def serve(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Answer:
        user_id = path.removeprefix("/Users/")
        if path == "/ServiceProviderConfig":
            return 200, {"patch": {"supported": True}, "filter": {"supported": True}}
        if path == "/ResourceTypes":
            names = ["User", *(["Group"] if self.groups is not None else [])]
            return 200, {"schemas": [LIST], "totalResults": len(names), "Resources": [{"name": name} for name in names]}
        if path.startswith("/Groups") and self.groups is not None:
            return self.serve_groups(self.groups, method, path.removeprefix("/Groups").strip("/"), query, body)
        if path == "/Users" and method == "GET":
            sought = query.get("filter", [""])[0]
            found = [user for user in self.users.values() if not sought or f'"{user["userName"]}"' in sought]
            return 200, {"schemas": [LIST], "totalResults": len(found), "Resources": found}
        if path == "/Users" and method == "POST":
            user = {**body, "id": secrets.token_hex(8)}
            self.users[user["id"]] = user
            return 201, user
        if user_id not in self.users:
            return error(404, "no such thing")
        if method == "DELETE":
            del self.users[user_id]
            return 204, None
        if method == "PUT":
            kept = self.users[user_id]
            self.users[user_id] = {**body, "emails": body["emails"] or kept["emails"]}
        return 200, self.users[user_id]

    def serve_groups(
        self, groups: dict[str, dict[str, Any]], method: str, group_id: str, query: dict[str, list[str]], body: Any
    ) -> Answer:
        if method == "POST":
            group = {**body, "id": secrets.token_hex(8), "members": []}
            groups[group["id"]] = group
            return 201, group
        if not group_id:
            found = [group for group in groups.values() if f'"{group["displayName"]}"' in query["filter"][0]]
            return 200, {"schemas": [LIST], "totalResults": len(found), "Resources": found}
        if group_id not in groups:
            return error(404, "no such group")
        if method == "DELETE":
            del groups[group_id]
            return 204, None
        if method == "PATCH":
            (operation,) = body["Operations"]
            self.patch_group(groups[group_id], operation)
            return 204, None
        return 200, groups[group_id]

    def patch_group(self, group: dict[str, Any], operation: dict[str, Any]) -> None:
        match operation["op"]:
            case "add":
                group["members"] += [each for each in operation["value"] if each not in group["members"]]
            case "replace":
                group |= operation["value"]
            case "remove":
                group["members"] = [each for each in group["members"] if each["value"] not in operation["path"]]


def error(status: int, detail: str) -> Answer:
    return status, {"schemas": [ERROR], "status": str(status), "detail": detail}


@contextmanager
def least_scim_service() -> Iterator[Service]:
    """One that serves, and knows its address."""
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            status, content = service.answer(self.command, self.path, self.headers.get("Authorization"), body)
            if status == 0:
                # The answer is lost on the way.
                self.close_connection = True
                return
            payload = b"" if content is None else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", service.content_type)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    service.base_url = f"http://127.0.0.1:{server.server_address[1]}/scim/v2"
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()


def at(method: str, path: str, answer: Answer) -> Callable[[str, str, Answer], Answer]:
    """A fault at requests whose path begins so."""

    def fault(asked: str, at_path: str, right: Answer) -> Answer:
        return answer if asked == method and at_path.startswith(path) else right

    return fault


def doctor(service: Service, *arguments: str, key: str = KEY) -> Result:
    """The doctor's report about it."""
    return CliRunner().invoke(
        app, ["doctor", "--base-url", service.base_url, *arguments], env={"CONNECTOR_KEY": key, "COLUMNS": "200"}
    )


def failures(result: Result, code: int = 1) -> dict[str, dict[str, Any]]:
    """The failed checks, each with its fix; `code` is the exit code if there are any."""
    report = json.loads(result.stdout)
    failed = {check["name"]: check for check in report["checks"] if not check["ok"]}
    assert report["ok"] is (not failed)
    assert result.exit_code == (code if failed else 0)
    assert all(check["fix"] for check in failed.values())
    return failed
