"""The steps that measure: how fast users are imported, a load, and the cold starts of functions."""

from __future__ import annotations

import base64
import csv
import json
import re
import statistics
import sys
import time
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any, Final

from rich.progress import Progress

from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import Rate
from domain.limits import MAX_REQUESTS_PER_SECOND
from support.repository import ROOT
from verify_aws.identity import Run
from verify_aws.plan import Command, Figures, Stage, Step
from verify_aws.remains import CONFIG
from verify_aws.shell import StepFailed, succeeded
from verify_aws.using import ACCOUNT_CALLS, failures_as_steps, rollcall

IMPORTED: Final = "imported"
"""The account of the import and of the load."""
MEASURED: Final = {
    "GetUser": "get_user.jumpcloud.json",
    "ListUsers": "list_users.jumpcloud.json",
    "CreateUser": "create_user.jumpcloud.json",
    "PatchUser": "patch_user.okta.json",
}
"""The functions whose cold starts are measured, each with its event in `events`."""
_FILE: Final = "FILE"
"""Stands in commands for the file that the step writes."""
_WARM: Final = 3
_INIT: Final = re.compile(r"Init Duration: ([\d.]+) ms")


def steps(run: Run) -> list[Step]:
    """The steps; the load needs the users of the import."""
    return [
        Step(
            "import",
            "Import users and measure the rate",
            0.5,
            _import,
            commands=(
                rollcall(run, "account", "enable", IMPORTED),
                rollcall(run, "users", "import", _FILE, "--account", IMPORTED),
                rollcall(run, "users", "export", "--account", IMPORTED),
            ),
        ),
        Step(
            "load",
            "Send a load",
            1.5,
            _load,
            calls=ACCOUNT_CALLS,
            requests="look-ups, reads, lists and changes, as bench/identity_providers.py mixes them",
        ),
        Step(
            "cold-starts",
            "Measure cold starts",
            2,
            _cold_starts,
            calls=(
                "cloudformation:ListStackResources",
                "secretsmanager:GetSecretValue",
                "lambda:GetFunction",
                "lambda:GetFunctionConfiguration",
                "lambda:UpdateFunctionConfiguration",
                "lambda:Invoke",
            ),
        ),
    ]


def _load_program() -> Any:
    """`bench/load.py`, a program outside the packages."""
    if (folder := str(ROOT / "bench")) not in sys.path:
        sys.path.append(folder)
    import load  # type: ignore[import-not-found]  # found through the line above

    return load


def _import(stage: Stage, step: Step) -> Figures:
    enable, load, export = step.commands
    succeeded(stage.shell, *enable)
    with TemporaryDirectory() as folder:
        people = Path(folder) / "people.csv"
        _write_people(people, stage.sizes.users)
        began = time.monotonic()
        answer = json.loads(succeeded(stage.shell, *_with_file(load, people)))
        seconds = time.monotonic() - began
    figures: Figures = {
        "users": answer["created"],
        "seconds": round(seconds, 2),
        "users_a_second": round(answer["created"] / seconds, 1),
    }
    if answer["created"] != stage.sizes.users:
        raise StepFailed(f"{answer['created']} of {stage.sizes.users} users were created", figures)
    lines = [json.loads(line) for line in succeeded(stage.shell, *export).splitlines()]
    if len(lines) != stage.sizes.users:
        raise StepFailed(f"the export has {len(lines)} users", figures)
    stage.imported = {line["userName"]: line["id"] for line in lines}
    return figures


def _write_people(file: Path, count: int) -> None:
    _load_program()
    from identity_providers import Person  # type: ignore[import-not-found]  # next to the program

    with file.open("w", encoding="utf-8", newline="") as output:
        writer = csv.writer(output)
        writer.writerow(["userName", "email", "givenName", "familyName"])
        for number in range(count):
            name = Person(number).user_name
            writer.writerow([name, name, f"Given{number}", "Family0"])


def _with_file(command: Command, file: Path) -> Command:
    return tuple(str(file) if part == _FILE else part for part in command)


def _load(stage: Stage, step: Step) -> Figures:
    if not stage.imported:
        raise StepFailed("the step needs the users of the import")
    program = _load_program()
    people = [
        program.Person(number, stage.imported[name])
        for number in range(stage.sizes.users)
        if (name := program.Person(number).user_name) in stage.imported
    ]
    with failures_as_steps():
        accounts = stage.deployment.accounts
        # It removes more users than the deprovisioning limit lets through.
        accounts.configure(IMPORTED, deprovisioning_limit=Limit(1_000_000), rate=Rate(MAX_REQUESTS_PER_SECOND))
        mix = program.Mix(people, Random(program.SEED), accounts.show(IMPORTED).current.key.text)
        progress = Progress(disable=True)
        # Until every function has started, and knows what the account may send.
        program.Load(stage.base_url).run([mix], round(stage.sizes.rate * 4), stage.sizes.rate, progress)
        load = program.Load(stage.base_url)
        count = round(stage.sizes.rate * stage.sizes.seconds)
        seconds = load.run([mix], count, stage.sizes.rate, progress)
    taken = {kind: [1000 * one for one in times] for kind, times in load.taken.items() if times}
    every = [one for times in taken.values() for one in times]
    figures: Figures = {
        "requests": load.done,
        "requests_a_second": round(load.done / seconds, 1),
        "errors": len(load.errors),
        "milliseconds": {kind: program.percentiles(times) for kind, times in {**taken, "all": every}.items()},
    }
    if load.errors:
        raise StepFailed(f"{len(load.errors)} of {load.done} requests failed: {'; '.join(load.errors[:3])}", figures)
    return figures


def _cold_starts(stage: Stage, step: Step) -> Figures:
    functions = _functions(stage)
    key = stage.deployment.accounts.show("default").current.key.text
    figures: Figures = {}
    with failures_as_steps():
        for name, event in MEASURED.items():
            figures[name] = _cold_starts_of(stage, functions[name], _event(event, key))
    return figures


def _functions(stage: Stage) -> dict[str, str]:
    """The names of the functions, by logical id."""
    client = stage.session.client("cloudformation", config=CONFIG)
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stage.run.name)
    found = {
        one["LogicalResourceId"]: one["PhysicalResourceId"] for page in pages for one in page["StackResourceSummaries"]
    }
    if missing := MEASURED.keys() - found.keys():
        raise StepFailed(f"the stack has no function {', '.join(sorted(missing))}")
    return found


def _event(file: str, key: str) -> bytes:
    """The event with the account's key."""
    event = json.loads((ROOT / "events" / file).read_text(encoding="utf-8"))
    event["headers"]["Authorization"] = f"Bearer {key}"
    event["multiValueHeaders"]["Authorization"] = [f"Bearer {key}"]
    return json.dumps(event).encode()


def _cold_starts_of(stage: Stage, function: str, event: bytes) -> Figures:
    """Milliseconds as the caller sees them, and as Lambda reports the start of the code; medians."""
    client = stage.session.client("lambda", config=CONFIG)
    found = client.get_function_configuration(FunctionName=function)
    variables = found.get("Environment", {}).get("Variables", {})
    # Lambda reports a start in its own line, which a level above INFO leaves out.
    logging: Any = {**found.get("LoggingConfig", {}), "LogFormat": "JSON", "SystemLogLevel": "INFO"}
    cold, warm, starts = [], [], []
    for number in range(stage.sizes.cold_starts):
        # Another environment for the function: the containers that run end, and the next call starts one.
        client.update_function_configuration(
            FunctionName=function,
            Environment={"Variables": {**variables, "VERIFIED": str(number)}},
            LoggingConfig=logging,
        )
        client.get_waiter("function_updated_v2").wait(
            FunctionName=function, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
        )
        taken, start = _invoked(client, function, event)
        cold.append(taken)
        starts += [start] if start is not None else []
        warm += [_invoked(client, function, event)[0] for _ in range(_WARM)]
    figures: Figures = {"cold_ms": round(statistics.median(cold)), "warm_ms": round(statistics.median(warm))}
    return figures | {"init_ms": round(statistics.median(starts)) if starts else None}


def _invoked(client: Any, function: str, event: bytes) -> tuple[float, float | None]:
    """Milliseconds until the answer, and those of the start of the code, if there was one and Lambda says so."""
    began = time.monotonic()
    answer = client.invoke(FunctionName=function, Payload=event, LogType="Tail")
    body = json.loads(answer["Payload"].read())
    taken = (time.monotonic() - began) * 1000
    status = body.get("statusCode", 0)
    if answer.get("FunctionError") or status == 401 or not 200 <= status < 500:
        raise StepFailed(f"{function} did not serve its event: {status} {answer.get('FunctionError', '')}")
    return taken, start_of(base64.b64decode(answer.get("LogResult", "")).decode(errors="replace"))


def start_of(log: str) -> float | None:
    """Milliseconds of the start of the code in the end of a log, in either format; None for a warm call."""
    for line in log.splitlines():
        if found := _INIT.search(line):
            return float(found.group(1))
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict) and record.get("type") == "platform.report":
            value = record.get("record", {}).get("metrics", {}).get("initDurationMs")
            if value is not None:
                return float(value)
    return None
