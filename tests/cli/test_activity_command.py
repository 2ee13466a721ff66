"""`rollcall activity` on the local server: the record of what was tried, as a table, as JSON, and as it comes."""

from __future__ import annotations

import getpass
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from domain.accounts.connector_key import ConnectorKey
from local.serve import write_state
from local.service import LocalService
from support.child_processes import PIPE, started
from support.group_client import GroupClient
from support.people import person, replacing
from support.scim_http import ScimClient

URN = "urn:ietf:params:scim:schemas:core:2.0:User"

Activity = Callable[..., Result]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """One server for the module, and the state file that it leaves for the command."""
    with LocalService() as running, pytest.MonkeyPatch.context() as patched:
        patched.chdir(tmp_path_factory.mktemp("directory"))
        patched.setenv("ROLLCALL_LOCAL_STATE", str(write_state(running)))
        patched.setenv("COLUMNS", "300")
        yield running


@pytest.fixture
def key(service: LocalService) -> ConnectorKey:
    """Of an account that nothing else is done to."""
    return service.new_account()


@pytest.fixture
def activity(service: LocalService) -> Activity:
    return lambda *arguments: CliRunner().invoke(app, ["--local", "activity", *arguments])


def create(service: LocalService, key: ConnectorKey, name: str) -> int:
    headers = {"Authorization": f"Bearer {key.text}"}
    body = {"schemas": [URN], "userName": name}
    return httpx.post(f"{service.base_url}/Users", headers=headers, json=body).status_code


def test_a_failed_operation_of_a_bulk_request_is_shown_with_its_attribute(
    service: LocalService, key: ConnectorKey, activity: Activity
) -> None:
    user = {"schemas": [URN], "userName": "ada", "emails": [{"value": "nobody"}]}
    operation = {"method": "POST", "path": "/Users", "bulkId": "1", "data": user}
    body = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": [operation]}
    headers = {"Authorization": f"Bearer {key.text}"}
    assert httpx.post(f"{service.base_url}/Bulk", headers=headers, json=body).status_code == 200

    result = activity("--account", key.account, "--failed")

    (line,) = [line for line in result.stdout.splitlines() if key.account in line]
    assert "CreateUser in Bulk" in line
    assert "400 invalidValue" in line
    assert "invalid-value: emails.value" in line


def test_a_failure_is_shown_with_its_reason_and_remedy(
    service: LocalService, key: ConnectorKey, activity: Activity
) -> None:
    assert [create(service, key, "ada"), create(service, key, "ada")] == [201, 409]

    result = activity("--account", key.account)

    assert result.exit_code == 0, result.output
    header, created, refused = result.stdout.splitlines()
    assert header.split()[:5] == ["When", "Account", "Operation", "User", "Answer"]
    assert "CreateUser" in created
    assert "201" in created
    assert "409 uniqueness" in refused
    assert "user" in refused.partition("uniqueness")[2]


def test_failures_alone_and_the_last_so_many(service: LocalService, key: ConnectorKey, activity: Activity) -> None:
    for name in ("ada", "ada", "bob", "bob"):
        create(service, key, name)

    failed = activity("--account", key.account, "--failed", "--json")
    last = activity("--account", key.account, "--limit", "1", "--json")

    assert [json.loads(line)["status"] for line in failed.stdout.splitlines()] == [409, 409]
    (line,) = last.stdout.splitlines()
    assert line == failed.stdout.splitlines()[-1]


def test_json_is_the_log_line_without_values_of_the_user(
    service: LocalService, key: ConnectorKey, activity: Activity
) -> None:
    create(service, key, "marked-name")

    result = activity("--account", key.account, "--json", "--no-names")

    line = json.loads(result.stdout)
    assert {"timestamp", "request_id", "operation", "status", "duration_ms"} <= line.keys()
    assert "marked-name" not in result.output
    assert key.text not in result.output


def test_actions_of_the_settings_page_are_in_the_record(
    service: LocalService, key: ConnectorKey, activity: Activity
) -> None:
    for action in ("reveal", "disable", "disable", "enable", "rotate", "revoke"):
        httpx.post(
            f"{service.address}/settings",
            json={"action": action, "account": key.account},
            headers={"X-Rollcall-Settings": "1"},
        ).raise_for_status()

    lines = activity("--account", key.account, "--json").stdout.splitlines()

    assert [json.loads(line)["what"] for line in lines] == [
        "key-revealed", "disabled", "enabled", "key-rotated", "previous-key-revoked",
    ]  # fmt: skip
    shown = activity("--account", key.account).stdout
    assert "settings page" in shown
    records = [json.loads(line) for line in lines]
    assert {record["actor"] for record in records} == {getpass.getuser()}
    assert len({record["request_id"] for record in records}) == len(records)
    assert all(f"by {record['actor']}, request {record['request_id']}" in shown for record in records)


def test_an_account_without_requests_has_no_record(key: ConnectorKey, activity: Activity) -> None:
    result = activity("--account", key.account)

    assert result.exit_code == 0
    assert f"Nothing of {key.account} came in the last 1h" in result.output


@pytest.mark.parametrize("since", ["", "1", "h", "1w", "-1h", "0m", "1 h"])
def test_a_malformed_duration_is_rejected_with_an_example(activity: Activity, since: str) -> None:
    result = activity(f"--since={since}")

    assert result.exit_code == 2
    assert "--since" in result.output
    assert "30m" in result.output


def test_a_malformed_account_name_is_rejected(activity: Activity) -> None:
    assert activity("--account", "no*such").exit_code == 2


def test_a_server_of_an_older_version_must_be_restarted(tmp_path: Path, service: LocalService) -> None:
    state = json.loads(Path(os.environ["ROLLCALL_LOCAL_STATE"]).read_text(encoding="utf-8"))
    del state["activityFile"]
    old = tmp_path / "local.json"
    old.write_text(json.dumps(state), encoding="utf-8")

    result = CliRunner(env={"ROLLCALL_LOCAL_STATE": str(old)}).invoke(app, ["--local", "activity"])

    assert result.exit_code == 1
    assert "start it with make run" in result.output


@pytest.fixture
def following(service: LocalService, key: ConnectorKey) -> list[str]:
    """The command that follows what an account does, of which there is a line already."""
    create(service, key, "ada")
    return [sys.executable, "-m", "cli.main", "--local", "activity", "--account", key.account, "--follow"]


def test_following_prints_new_lines_and_ends_quietly_on_ctrl_c(
    service: LocalService, key: ConnectorKey, following: list[str]
) -> None:
    with started(following, stdout=PIPE, stderr=PIPE, text=True) as process:
        past = process.stdout.readline()  # type: ignore[union-attr]  # the stream is a pipe
        create(service, key, "ada")
        come = process.stdout.readline()  # type: ignore[union-attr]  # the stream is a pipe
        process.send_signal(signal.SIGINT)

        assert process.wait() == 0
        assert process.stderr.read() == ""  # type: ignore[union-attr]  # the stream is a pipe
    assert "201" in past
    assert "409 uniqueness" in come


def test_following_in_the_background_of_a_script_ends_quietly_when_it_is_terminated(following: list[str]) -> None:
    background = ["sh", "-c", 'trap "" INT; exec "$@"', "sh", *following]
    with started(background, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert "201" in process.stdout.readline()  # type: ignore[union-attr]  # the stream is a pipe
        process.terminate()

        assert process.wait() == -signal.SIGTERM
        assert process.stderr.read() == ""  # type: ignore[union-attr]  # the stream is a pipe


def test_an_account_that_does_not_exist_is_an_error(activity: Activity) -> None:
    for form in ([], ["--json"]):
        result = activity("--account", "nosuch", *form)

        assert result.exit_code == 1
        assert "nosuch" in result.stderr


def test_a_pipe_gets_the_reasons_and_remedies_whole(
    service: LocalService, key: ConnectorKey, activity: Activity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    create(service, key, "ada"), create(service, key, "ada")

    (line,) = [line for line in activity("--account", key.account, "--failed").stdout.splitlines() if "409" in line]

    assert line.rstrip().endswith(json.loads(activity("--account", key.account, "--failed", "--json").stdout)["remedy"])


@pytest.fixture
def people(service: LocalService, key: ConnectorKey) -> dict[str, str]:
    """The ids of a user who is still there, and of one who was removed."""
    client = ScimClient(service.base_url, key.text)
    ids = {name: client.create(person(name))["id"] for name in ("ada", "bob")}
    client.request("PATCH", f"/Users/{ids['ada']}", body=replacing("active", "maybe"))
    client.delete(ids["bob"])
    return ids


def test_a_row_names_the_user_or_says_that_the_user_is_removed(
    key: ConnectorKey, activity: Activity, people: dict[str, str]
) -> None:
    text = activity("--account", key.account).stdout

    assert text.count(f"ada ({people['ada']})") == 2
    assert text.count(f"{people['bob']} (removed)") == 2
    assert "bob" not in text.replace(people["bob"], "")


def test_json_has_the_name_where_the_user_is_still_there(
    key: ConnectorKey, activity: Activity, people: dict[str, str]
) -> None:
    lines = [json.loads(line) for line in activity("--account", key.account, "--json").stdout.splitlines()]

    assert {line["user_id"]: line.get("user_name") for line in lines} == {people["ada"]: "ada", people["bob"]: None}


def test_ids_alone_are_shown_on_request(key: ConnectorKey, activity: Activity, people: dict[str, str]) -> None:
    result = activity("--account", key.account, "--no-names")

    assert people["ada"] in result.stdout
    assert "ada (" not in result.stdout


def test_ids_alone_are_shown_where_the_table_gives_no_names(
    key: ConnectorKey, people: dict[str, str], service: LocalService
) -> None:
    result = CliRunner().invoke(app, ["--local", "--table", "nosuch", "activity", "--account", key.account])

    assert result.exit_code == 0
    assert people["ada"] in result.stdout
    assert result.stderr.count("only ids are shown") == 1
    assert "ResourceNotFoundException" in result.stderr


@pytest.mark.parametrize("whom", ["id", "ada@example.com", "ada"])
def test_one_user_is_shown_alone(key: ConnectorKey, activity: Activity, people: dict[str, str], whom: str) -> None:
    chosen = people["ada"] if whom == "id" else whom

    lines = activity("--account", key.account, "--user", chosen, "--json").stdout.splitlines()

    assert [json.loads(line)["operation"] for line in lines] == ["CreateUser", "PatchUser"]


def test_an_address_without_an_account_is_an_error(activity: Activity, people: dict[str, str]) -> None:
    result = activity("--user", "ada@example.com")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--account NAME" in result.stderr


def test_following_names_the_user(service: LocalService, following: list[str]) -> None:
    with started(following, stdout=PIPE, stderr=PIPE, text=True) as process:
        assert "ada (" in process.stdout.readline()  # type: ignore[union-attr]  # the stream is a pipe
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0


def test_a_row_names_the_group(service: LocalService, key: ConnectorKey, activity: Activity) -> None:
    service.accounts.configure(key.account, groups=True)
    made = GroupClient(ScimClient(service.base_url, key.text)).create("Sales")

    header, row = activity("--account", key.account).stdout.splitlines()
    assert "Group" in header
    assert f"Sales ({made['id']})" in row
