"""A custom extension as Entra ID and Okta send it, from its declaration to the application's event.

The requests are the recorded ones, with an attribute added as their senders write one of an extension.
"""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from local.life_cycle import EventSettings
from local.service import LocalService
from operations.simulation.recorded import recorded_steps
from support.declared import document
from support.scim_http import Json, ScimClient

CUSTOM = "urn:ietf:params:scim:schemas:extension:CustomExtensionName:2.0:User"
DECLARED = document({"name": "tag"}, {"name": "level", "type": "integer"}, urn=CUSTOM)


class Played:
    """Requests of identity providers at a server that declares the extension, and the events that follow."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        self.client = ScimClient(service.base_url, service.key.text)

    def sent(self, idp: str, step: str, user_id: str = "", *, added: list[Any], custom: Json | None = None) -> Json:
        """The answer to a recorded request with further schemas or operations, and with the extension's object."""
        request = recorded_steps(idp)[step]
        body = deepcopy(request.body)
        body["Operations" if "Operations" in body else "schemas"] += added
        if custom is not None:
            body[CUSTOM] = custom
        path, text = request.path.replace("{id}", user_id), json.dumps(body).replace("{id}", user_id)
        answer = self.client.request(request.method, path, body=json.loads(text))
        assert answer.status < 300, answer.text
        return answer.json


@pytest.fixture
def declares(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of declared extensions, which the server and the publisher read."""
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "custom.json").write_text(json.dumps(DECLARED))
    monkeypatch.setenv("ROLLCALL_SCHEMAS", str(tmp_path / "schemas"))
    return tmp_path


def test_an_attribute_that_the_console_maps_arrives_and_is_named_by_events(declares: Path) -> None:
    file = declares / "events.jsonl"
    with LocalService(events=EventSettings(file)) as service:
        played = Played(service)
        schema = played.client.get(f"/Schemas/{CUSTOM}").json
        made = played.sent("entra", "create.01-documented", added=[CUSTOM], custom={"tag": "701984"})
        found = played.client.find(f'{CUSTOM}:tag eq "701984"')
        # One operation for each attribute; with the compatibility flag, one for all; a whole object under the URN.
        legacy = [
            {"op": "Replace", "path": f"{CUSTOM}:tag", "value": "701985"},
            {"op": "Add", "path": f"{CUSTOM}:level", "value": "3"},
        ]
        played.sent("entra", "patch.01-legacy-multi", made["id"], added=legacy)
        flag = [{"op": "replace", "value": {f"{CUSTOM}:tag": "701986", "title": "Lead"}}]
        played.sent("entra", "patch.02-flag-multi", made["id"], added=flag)
        whole = [{"op": "add", "value": {CUSTOM: {"level": 4}}}]
        patched = played.sent("entra", "patch.02-flag-multi", made["id"], added=whole)
        okta = played.sent("okta", "create.02-post", added=[CUSTOM], custom={"tag": "A", "level": 1})
        put = played.sent("okta", "update.02-put-round-trip", okta["id"], added=[CUSTOM], custom={"tag": "B"})

    assert [each["name"] for each in schema["attributes"]] == ["tag", "level"]
    assert [each["id"] for each in found] == [made["id"]]
    assert made[CUSTOM] == {"tag": "701984"}
    assert patched[CUSTOM] == {"tag": "701986", "level": 4}
    assert put[CUSTOM] == {"tag": "B"}
    events = [json.loads(line)["detail"] for line in file.read_text().splitlines()]
    named = [
        [path for path in event["changedAttributes"] if path.startswith(CUSTOM)]
        for event in events
        if event["userId"] == made["id"]
    ]
    assert named == [[f"{CUSTOM}:tag"], [f"{CUSTOM}:tag", f"{CUSTOM}:level"], [f"{CUSTOM}:tag"], [f"{CUSTOM}:level"]]
    last = [path for path in events[-1]["changedAttributes"] if path.startswith(CUSTOM)]
    assert last == [f"{CUSTOM}:tag", f"{CUSTOM}:level"]
