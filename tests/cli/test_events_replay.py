"""`rollcall events replay`, with the local server as the deployment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.accounts.connector_key import ConnectorKey
from domain.documents import Json
from domain.events.kinds import EventKind
from local.life_cycle import EventSettings
from local.serve import write_state
from local.service import LocalService
from operations.replay.running import Answer
from support.event_schemas import validate
from support.group_client import group
from support.people import replacing, user
from support.rollcall_command import answer

Command = Callable[..., Result]


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where events go."""
    return tmp_path_factory.mktemp("events") / "events.jsonl"


@pytest.fixture(scope="module")
def service(file: Path) -> Iterator[LocalService]:
    with LocalService(events=EventSettings(file)) as running:
        yield running


@pytest.fixture
def key(service: LocalService) -> ConnectorKey:
    """The key of a fresh account, with groups."""
    key = service.new_account()
    service.accounts.configure(key.account, groups=True)
    return key


@pytest.fixture
def replay(service: LocalService, key: ConnectorKey, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command for that account."""
    monkeypatch.setenv("ROLLCALL_LOCAL_STATE", str(write_state(service)))
    return lambda *arguments, account=None: CliRunner().invoke(
        app, ["--local", "events", "replay", "--account", account or key.account, *arguments]
    )


def send(service: LocalService, key: ConnectorKey, method: str, path: str, body: Json | None = None) -> Any:
    headers = {"Authorization": f"Bearer {key.text}"}
    done = httpx.request(method, f"{service.base_url}{path}", headers=headers, json=body)
    assert done.is_success, done.text
    return done.json() if done.content else None


def lived(service: LocalService, key: ConnectorKey) -> tuple[str, str, str]:
    """A user who was changed, one who was deactivated, and a group of both: their ids."""
    changed, off = (send(service, key, "POST", "/Users", user(f"{name}-{key.account}"))["id"] for name in ("a", "b"))
    send(service, key, "PATCH", f"/Users/{changed}", replacing("title", "Guide"))
    send(service, key, "PATCH", f"/Users/{off}", replacing("active", False))
    sales = send(service, key, "POST", "/Groups", group("Sales", changed, off))["id"]
    return changed, off, sales


def published(service: LocalService, account: str) -> list[tuple[str, Json]]:
    """The account's events on the bus so far."""
    return [
        (one.kind, json.loads(one.text)["detail"])
        for one in service.life_cycle.events.after(0)[1]
        if one.account == account
    ]


def test_a_replay_states_what_is_in_the_table(
    service: LocalService, key: ConnectorKey, replay: Command, file: Path
) -> None:
    changed, off, sales = lived(service, key)

    done = answer(replay("--all", "--json"))

    replayed = [(kind, each) for kind, each in published(service, key.account) if each.get("replay")]
    for kind, each in replayed:
        validate(EventKind(kind), each)
    by_id: dict[str, list[str]] = {}
    for kind, each in replayed:
        by_id.setdefault(each.get("userId") or each["groupId"], []).append(kind)
    assert by_id == {
        changed: ["UserUpdated", "UserReactivated"],
        off: ["UserDeactivated", "UserUpdated"],
        sales: ["GroupProvisioned", "GroupMembersAdded"],
    }
    assert [each["members"] for kind, each in replayed if kind == "GroupMembersAdded"] == [sorted([changed, off])]
    assert (done["result"], done["users"], done["groups"], done["stopped"]) == ("replayed", 2, 1, None)
    assert sum(done["events"].values()) == len(replayed) == 6
    assert file.read_text().count('"replay": true') >= 6


def test_who_was_removed_is_said_to_be_gone_with_the_id_of_the_original_event(
    service: LocalService, key: ConnectorKey, replay: Command
) -> None:
    changed, off, sales = lived(service, key)
    send(service, key, "DELETE", f"/Users/{off}")
    send(service, key, "DELETE", f"/Groups/{sales}")

    done = answer(replay("--since", "40d", "--json"))
    again = answer(replay("--all", "--after", f"Removed/GROUP#{sales}", "--json"))

    gone = [(kind, each) for kind, each in published(service, key.account) if kind.endswith("Deprovisioned")]
    for kind, each in gone:
        validate(EventKind(kind), each)
    replayed = {each.get("userId") or each["groupId"] for _, each in gone if each.get("replay")}
    assert replayed == {off, sales}
    assert len({each["idempotencyId"] for _, each in gone}) == 2
    assert (done["users"], done["groups"], done["removed"]) == (1, 0, 2)
    assert (again["users"], again["removed"]) == (0, 1)
    assert changed not in replayed


def test_a_look_further_back_than_removals_are_known_says_so(
    service: LocalService, key: ConnectorKey, replay: Command
) -> None:
    lived(service, key)

    assert "keeps deletions for 30 days" in " ".join(replay("--since", "31d", "--dry-run").stderr.split())
    assert "30 days" not in replay("--since", "29d", "--dry-run").stderr


def test_each_replay_has_the_same_ids(service: LocalService, key: ConnectorKey, replay: Command) -> None:
    lived(service, key)

    for _ in range(2):
        assert replay("--all").exit_code == 0

    ids = [each["idempotencyId"] for _, each in published(service, key.account) if each.get("replay")]
    assert ids[:6] == ids[6:]
    assert len(set(ids)) == 6


def test_a_dry_run_counts_and_publishes_nothing(service: LocalService, key: ConnectorKey, replay: Command) -> None:
    lived(service, key)

    done = replay("--all", "--dry-run")

    assert f"2 users, 1 group and 0 deletions of {key.account}: 6 events would be published." in done.stdout
    assert not any(each.get("replay") for _, each in published(service, key.account))


def test_since_leaves_out_what_did_not_change(service: LocalService, key: ConnectorKey, replay: Command) -> None:
    lived(service, key)
    later = send(service, key, "GET", "/Groups")["Resources"][0]["meta"]["lastModified"]

    assert answer(replay("--since", "1h", "--json", "--dry-run"))["users"] == 2
    done = answer(replay("--since", later, "--json", "--dry-run"))
    assert (done["since"], done["users"], done["groups"]) == (later, 0, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Give either --all or --since"),
        (["--all", "--since", "1h"], "Give either --all or --since"),
        (["--since", "yesterday"], "is not a duration"),
        (["--since", "2030-13-01"], "is not a time"),
        (["--since", "2999-01-01"], "in the future"),
        (["--all", "--after", "2819c223"], "--after takes a place"),
        (["--all", "--rate", "0"], "--rate"),
    ],
)
def test_a_wrong_command_line_is_explained(replay: Command, arguments: list[str], says: str) -> None:
    done = replay(*arguments)

    assert done.exit_code == 2
    assert says in done.output


def test_an_unknown_account_is_an_error(replay: Command) -> None:
    done = replay("--all", account="nobody-here")

    assert done.exit_code == 1
    assert "nobody-here" in done.output


def test_ctrl_c_says_what_was_published_and_how_to_continue(
    service: LocalService, key: ConnectorKey, replay: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *_ = sorted(lived(service, key)[:2])
    calls = 0

    def interrupted(self: object, entries: list[Json]) -> Answer:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return Answer({"UserUpdated": 2}, [], None)

    monkeypatch.setattr("operations.replay.publishers.LocalPublisher.__call__", interrupted)

    done = replay("--all", "--rate", "2")

    assert done.exit_code == 130
    assert f"1 user, 0 groups and 0 deletions of {key.account}: 2 events published." in done.stdout
    hint = f"rollcall --local events replay --account {key.account} --all --after Users/{first}"
    assert f"Interrupted. To continue: {hint}" in " ".join(done.stderr.split())


def test_a_server_without_a_stream_says_so(
    service: LocalService, key: ConnectorKey, replay: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    lived(service, key)
    monkeypatch.setattr(service.life_cycle, "_publisher", None)
    monkeypatch.setattr(service.life_cycle, "missing", "No life-cycle events are published: no stream.")

    done = answer(replay("--all", "--json"), code=1)

    assert (done["result"], done["users"]) == ("stopped", 0)
    assert done["stopped"].startswith("No life-cycle events are published")
