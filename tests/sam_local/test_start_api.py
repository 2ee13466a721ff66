"""The API as `sam local start-api` serves it: template.yaml's routes, the Lambda runtime, real HTTP."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cli.events import EXAMPLE_KEY, ROOT
from stand_ins import Aws

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]

USER = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
    "userName": "mara.lind@example.com",
    "name": {"givenName": "Mara", "familyName": "Lind"},
    "emails": [{"value": "mara.lind@example.com", "type": "work", "primary": True}],
}


@pytest.fixture(scope="module")
def api(
    stand_ins: Aws, sam: str, environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The base URL of a running `sam local start-api`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("start-api") / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sam, "local", "start-api", "--port", str(port)],
            cwd=ROOT, env=environment, stdout=output, stderr=output, start_new_session=True,
        )  # fmt: skip
    try:
        wait_until_it_serves(server, log)
        yield f"http://127.0.0.1:{port}/scim/v2"
    finally:
        # As Ctrl-C does: it removes its containers.
        os.killpg(server.pid, signal.SIGINT)
        server.wait(timeout=60)


def wait_until_it_serves(server: subprocess.Popen[bytes], log: Path) -> None:
    while "Running on http://" not in log.read_text():
        try:
            server.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            continue
        pytest.fail(f"sam local start-api ended:\n{log.read_text()}")


@pytest.fixture
def client(api: str, aws: Aws) -> Iterator[httpx.Client]:
    with httpx.Client(headers={"Authorization": f"Bearer {EXAMPLE_KEY}"}, base_url=api, timeout=60) as client:
        yield client


def test_a_user_lives_from_create_to_delete(client: httpx.Client) -> None:
    created = client.post("/Users", json=USER, headers={"Content-Type": "application/scim+json"})
    assert created.status_code == 201
    assert created.headers["Content-Type"].startswith("application/scim+json")
    user = f"/Users/{created.json()['id']}"

    found = client.get("/Users", params={"filter": 'userName eq "MARA.LIND@example.com"'}).json()
    assert [resource["id"] for resource in found["Resources"]] == [created.json()["id"]]

    again = client.post("/Users", json=USER)
    assert (again.status_code, again.json()["scimType"]) == (409, "uniqueness")

    inactive = client.put(user, json={**USER, "active": False, "emails": None})
    assert (inactive.status_code, inactive.json()["active"]) == (200, False)

    operations = [{"op": "replace", "path": "active", "value": True}]
    message = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": operations}
    active = client.patch(user, json=message)
    assert (active.status_code, active.json()["active"]) == (200, True)

    assert client.delete(user).status_code == 204
    assert client.get(user).status_code == 404


def test_what_no_route_serves_is_a_scim_error(client: httpx.Client) -> None:
    groups = client.get("/Groups")
    assert groups.status_code == 404
    assert "group management" in groups.json()["detail"].lower()

    wrong_method = client.put("/Users", json={})
    assert wrong_method.status_code == 405
    assert wrong_method.json()["status"] == "405"


def test_a_request_without_the_key_is_refused(client: httpx.Client) -> None:
    refused = client.get("/Users", headers={"Authorization": "Bearer not-the-key"})

    assert refused.status_code == 401
    assert refused.json()["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]


def test_discovery_needs_no_table(client: httpx.Client) -> None:
    assert client.get("/ServiceProviderConfig").json()["patch"]["supported"] is True
    assert client.get("/Schemas/urn:ietf:params:scim:schemas:core:2.0:User").json()["name"] == "User"
