"""`python -m local.serve`, what `make run` starts: a process of its own, its settings and its end.

Also `make run-dynamodb-local`, whose users outlive it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from domain.accounts.connector_key import ConnectorKey
from support import engines
from support.child_processes import PIPE, run, started
from support.documents import contents
from support.make_run import SOURCE, line, serving
from support.people import user
from support.repository import ROOT
from support.scim_http import ScimClient
from support.this_machine import free_port, listening_elsewhere

IN_THE_BACKGROUND = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
"""A script's shell starts a command with `&` so: Ctrl-C is ignored."""


def registered(home: Path) -> list[int]:
    """The processes by which `rollcall --local` finds servers."""
    folder = home / ".cache" / "rollcall" / "servers"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {file.stat().st_mode & 0o777 for file in folder.iterdir()} <= {0o600}
    return [int(file.stem) for file in folder.iterdir()]


@pytest.mark.parametrize("wrapper", [[], IN_THE_BACKGROUND], ids=["foreground", "background"])
@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_the_two_values_serves_and_stops_cleanly(
    tmp_path: Path, signal_number: signal.Signals, wrapper: list[str]
) -> None:
    with serving(tmp_path, *wrapper) as process:
        base_url = line(process).removeprefix("SCIM Connector Base URL: ")
        key = line(process).removeprefix("Connector Key: ")
        assert line(process).startswith("Life-cycle events: ")
        assert line(process).startswith("For your application: export TABLE_NAME=rollcall-users AWS_ENDPOINT_URL_")

        assert base_url.startswith("http://127.0.0.1:")
        assert key.startswith("rck_default_")
        assert ScimClient(base_url, key).get("/Users", "filter=userName%20eq%20%22who%40example.com%22").status == 200
        assert line(process).startswith("GET /scim/v2/Users 200")
        assert registered(tmp_path) == [process.pid]

        process.send_signal(signal_number)
        _, errors = process.communicate(timeout=90)
        assert (process.returncode, errors) == (0, "")
        assert registered(tmp_path) == []


def test_it_prints_what_the_readme_shows_and_answers_the_request_there(tmp_path: Path) -> None:
    blocks = [block.text for block in contents(ROOT / "README.md").blocks]
    [shown] = [text for text in blocks if text.startswith("SCIM Connector Base URL: ")]
    [request] = [text for text in blocks if text.startswith("curl ")]
    expected = [re.escape(text).replace(r"\.\.\.", r"\S.*").replace("8080", r"\d+") for text in shown.splitlines()]

    with serving(tmp_path) as process:
        printed = [line(process) for _ in expected]
        base_url, key = (text.split(": ")[1] for text in printed[:2])
        command = request.replace("http://127.0.0.1:8080/scim/v2", base_url).replace("rck_default_...", key)
        answer = run(["bash", "-c", command], check=True).stdout

        assert [text for text, form in zip(printed, expected, strict=True) if not re.fullmatch(form, text)] == []
        assert json.loads(answer)["totalResults"] == 0
        assert line(process).startswith("GET /scim/v2/Users 200 ")


def test_signals_that_come_together_stop_it_as_one_does(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert line(process).startswith("SCIM Connector Base URL: ")
        assert line(process).startswith("Connector Key: ")
        assert line(process).startswith("Life-cycle events: ")
        assert line(process).startswith("For your application: export TABLE_NAME=rollcall-users AWS_ENDPOINT_URL_")

        # As where Ctrl-C reaches the server and the shell that started it, which ends it, too.
        for _ in range(20):
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=90)

    assert (process.returncode, errors) == (0, "")


def test_every_check_of_the_doctor_passes(tmp_path: Path) -> None:
    with serving(tmp_path) as process:
        assert line(process).startswith("SCIM Connector Base URL: ")
        assert line(process).startswith("Connector Key: ")
        assert line(process).startswith("Life-cycle events: ")
        assert line(process).startswith("For your application: export TABLE_NAME=rollcall-users AWS_ENDPOINT_URL_")

        examined = run(
            [sys.executable, "-m", "cli.main", "--local", "doctor", "--json"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": SOURCE},
        )

    assert (examined.returncode, examined.stderr) == (0, "")
    report = json.loads(examined.stdout)
    assert report["ok"]
    assert [check["name"] for check in report["checks"] if check["fix"]] == []
    # From the address to the removal of the test user; fewer would be checks left out.
    assert len(report["checks"]) == 15


def test_the_key_can_be_chosen(tmp_path: Path) -> None:
    key = ConnectorKey.generate("default", Random(3).randbytes).text

    with serving(tmp_path, CONNECTOR_KEY=key) as process:
        base_url = line(process).removeprefix("SCIM Connector Base URL: ")

        assert line(process) == f"Connector Key: {key}"
        assert ScimClient(base_url, key).get("/Users").status == 200


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("secret", "CONNECTOR_KEY is not a valid Connector Key."),
        ("rck_default_", "CONNECTOR_KEY is not a valid Connector Key."),
        (ConnectorKey.generate("acme", Random(4).randbytes).text, "CONNECTOR_KEY belongs to the account 'acme';"),
    ],
)
def test_an_invalid_key_is_reported_in_one_line(tmp_path: Path, key: str, said: str) -> None:
    with serving(tmp_path, CONNECTOR_KEY=key) as process:
        output, errors = process.communicate(timeout=90)

    assert (process.returncode, output) == (2, "")
    assert errors.startswith(said)
    assert errors.count("\n") == 1


def test_a_port_in_use_is_reported_in_one_line(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    with taken, serving(tmp_path, PORT=str(taken.getsockname()[1])) as process:
        _, errors = process.communicate(timeout=90)

    assert process.returncode == 1
    assert errors.startswith("Port ")
    assert errors.count("\n") == 1


@contextmanager
def run_dynamodb_local(folder: Path, key: str, stop: Callable[[int], None]) -> Iterator[ScimClient]:
    """The service of `make run-dynamodb-local`, in a folder of its own, of which nothing runs after `stop`."""
    port = free_port()
    made = [option for target in (".venv/.local", ".dynamodb-local/.installed") for option in ("--old-file", target)]
    command: list[str | Path] = [
        *("make", "--no-print-directory", "-f", ROOT / "Makefile", *made, "run-dynamodb-local"),  # type: ignore[list-item]  # mypy joins str and Path to object
        *(f"DYNAMODB_PORT={port}", f"CONNECTOR_KEY={key}"),
    ]
    environment = {**os.environ, "PORT": "0"}
    with started(command, cwd=folder, env=environment, stdout=PIPE, stderr=PIPE, text=True) as process:
        base_url = line(process).removeprefix("SCIM Connector Base URL: ")
        assert line(process) == f"Connector Key: {key}"
        assert not listening_elsewhere(port)
        yield ScimClient(base_url, key)
        stop(process.pid)
        _, errors = process.communicate(timeout=90)
        with pytest.raises(ProcessLookupError):
            os.killpg(process.pid, 0)
    assert "users are stored in .rollcall/dynamodb" in errors


def press_ctrl_c(process: int) -> None:
    """The terminal's signal goes to make and all that it started."""
    os.killpg(process, signal.SIGINT)


def end_make(process: int) -> None:
    """As `timeout` or a supervisor does: make alone gets the signal."""
    os.kill(process, signal.SIGTERM)


@pytest.mark.dynamodb_local
@pytest.mark.skipif(engines.missing() is not None, reason=str(engines.missing()))
def test_on_dynamodb_local_the_users_outlive_the_service_and_a_given_key_opens_them_again(tmp_path: Path) -> None:
    key = ConnectorKey.generate("default", Random(5).randbytes).text
    for made in (".venv", ".dynamodb-local", "scripts", "tests"):
        (tmp_path / made).symlink_to(ROOT / made)

    with run_dynamodb_local(tmp_path, key, press_ctrl_c) as client:
        mara = client.create(user("mara"))
    with run_dynamodb_local(tmp_path, key, end_make) as client:
        assert [found["id"] for found in client.find('userName eq "mara@example.com"')] == [mara["id"]]
