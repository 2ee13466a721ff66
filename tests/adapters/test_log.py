"""Several logs in one process: each writes to its own place."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from adapters.logs.log import Log


def test_a_log_to_a_file_and_one_to_standard_output_do_not_mix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "log.jsonl"
    with closing(Log.to_file(file)) as to_file:
        to_output = Log.to_output()
        for log, message in ((to_file, "kept"), (to_output, "printed")):
            log.write(message, {"account": "acme"})

    [kept] = map(json.loads, file.read_text(encoding="utf-8").splitlines())
    [printed] = map(json.loads, capsys.readouterr().out.splitlines())
    assert kept["message"] == "kept"
    assert printed["message"] == "printed"
