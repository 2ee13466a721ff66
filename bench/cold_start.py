"""Cold starts of every function compared with a minimal and a typical one, interleaved in one run.

    make bench-cold-start        (.venv/bin/python bench/cold_start.py [--quick] [--json FILE]; needs Python 3.13)

A cold start is what a new container does until its first answer: imports, clients, the first request. Each is a fresh
process of the functions' Python on the built artifact, or on what the peer needs; all of it compiled alike.

- floor: boto3 alone, a DynamoDB client, one GetItem (`bench/peers/floor.py`); on boto3 as it is installed, and with its
  data pruned as the artifact's is.
- typical: Powertools with Tracer, resolver with validation, parameters and parser, boto3's resource
  (`bench/peers/typical.py`), on packages as they are installed.

Two variants of `get_user` show what the artifact's form is worth: without bytecode, and on the SDK as Lambda's runtime
brings it, whole and compiled, instead of the artifact's own (docs/decisions/017).

Exit code 1 when a function misses a goal, by the clock or by CPU time. Ratios are medians over the rounds, each of two
starts of the same round, so that other work on the machine meets both.

Python's own start is left out, as it is the same for all. AWS is an endpoint on this machine that answers at once,
without TLS: that handshake comes on top, for all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import random
import re
import runpy
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1] / "tests"))

from report import arguments, publish
from stub_aws import stub_aws

from support.child_processes import run

ROOT = Path(__file__).resolve().parents[1]
SCRATCH = ROOT / "build" / "bench" / "cold-start"

BUILD = runpy.run_path(str(ROOT / "artifact" / "build.py"), run_name="build")

NEEDS = {"floor": ["boto3"], "typical": ["aws-lambda-powertools", "aws-xray-sdk==2.15.0", "boto3", "pydantic"]}
"""The packages of the peers, in the versions that this repository pins, where it does."""

SDK = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
"""The part of the artifact that the runtime also contains."""

ONLY_IN_DEPLOYMENTS = {"pre_traffic", "seed_default_account"}
"""Run once in a deployment and once in the life of a stack, and speak to others than this benchmark stands in for."""

OF_NO_CLIENT = {"publisher": "jobs.publisher", "watch": "jobs.watch", "settings_widget": "settings.widget"}
"""The modules of the handlers that no client calls."""

FLOOR, PRUNED_FLOOR, TYPICAL = "floor", "floor, pruned", "typical"
GOALS = {FLOOR: 1.5, TYPICAL: 0.6}
"""The largest ratio of a function's time to its peer's."""


@dataclass(frozen=True)
class Case:
    """A process to start: a module with `handler`, where its packages are, the event it is sent."""

    name: str
    module: str
    path: tuple[Path, ...]
    event: Path


def functions(artifact: Path) -> list[Case]:
    """Every function whose first request has an example; the first one of each."""
    found: dict[str, Path] = {}
    for event in sorted((ROOT / "events").glob("*.json")):
        found.setdefault(event.name.partition(".")[0], event)
    return [
        Case(module, f"handlers.{OF_NO_CLIENT.get(module, module)}", (artifact,), event)
        for module, event in found.items()
        if module not in ONLY_IN_DEPLOYMENTS
    ]


def pinned() -> list[str]:
    """name==version of everything that is pinned for this repository."""
    text = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8")
    return re.findall(r"^[\w.-]+==[\w.]+", text, flags=re.MULTILINE)


def packages(name: str, python: str, prune: bool = False) -> Path:
    """The packages of a peer, installed for this machine and compiled as the artifact is; kept from run to run."""
    wanted = [*NEEDS[name], *pinned()]
    digest = hashlib.sha256(repr((wanted, prune, python)).encode()).hexdigest()[:16]
    directory = SCRATCH / f"{name}{'-pruned' if prune else ''}-{digest}"
    if not (directory / ".installed").is_file():
        directory.mkdir(parents=True, exist_ok=True)
        constraints = directory / "constraints.txt"
        constraints.write_text("\n".join(pinned()))
        run(
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--upgrade"),
                *("--target", str(directory), "--constraint", str(constraints), "--only-binary=:all:", "--no-compile"),
                *("--platform", BUILD["PLATFORMS"][platform.machine().replace("aarch64", "arm64")]),
                *("--python-version", BUILD["PYTHON_VERSION"], "--implementation", "cp", *NEEDS[name]),
            ],
            check=True, stdout=None, stderr=None,
        )  # fmt: skip
        if prune:
            BUILD["prune"](directory)
        BUILD["compile_bytecode"](python, directory, [directory])
        (directory / ".installed").touch()
    return directory


def copied(source: Path, name: str, *without: str) -> Path:
    """The tree without what is named."""
    directory = SCRATCH / name
    shutil.rmtree(directory, ignore_errors=True)
    return Path(shutil.copytree(source, directory, ignore=shutil.ignore_patterns(*without)))


def cold_start(python: str, case: Case, endpoint: str) -> dict[str, Any]:
    """Start it once in a fresh process."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(map(str, case.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_LAMBDA_FUNCTION_NAME": "bench",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": endpoint,
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": "bench/connectors/",
        "SCIM_CONNECTOR_BASE_URL": "https://scim.example.com/scim/v2",
        "LOG_GROUPS": "bench",
        "LOG_RETENTION_DAYS": "90",
        "SILENCE_HOURS": "24",
        "EVENT_BUS_NAME": "bench",
        "EVENT_ISSUER": "https://scim.example.com/scim/v2",
    }
    done = run(
        [python, str(ROOT / "bench" / "cold_start_process.py"), case.module, str(case.event)],
        cwd=SCRATCH, env=environment,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{case.name} does not start:\n{done.stderr}")
    taken: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if (taken["status"] or 200) >= 500 or (taken["status"] == 401):
        sys.exit(f"{case.name} did not serve its request:\n{done.stdout}")
    return taken


def main() -> None:
    options = arguments(__doc__, "cold_start.json")
    rounds = 5 if options.quick else 25
    python = BUILD["python_of_the_functions"]()
    if python is None:
        sys.exit(
            f"The benchmark needs Python {BUILD['PYTHON_VERSION']}, the version of the functions. Install it: "
            ".venv/bin/uv python install 3.13"
        )
    artifact = SCRATCH / "artifact"
    shutil.rmtree(artifact, ignore_errors=True)
    BUILD["build"](platform.machine().replace("aarch64", "arm64"), artifact)
    uncompiled = copied(artifact, "uncompiled", "__pycache__")
    without_sdk = copied(artifact, "without-sdk", *SDK)
    peers = copied(ROOT / "bench" / "peers", "peers", "__pycache__")
    BUILD["compile_bytecode"](python, peers, [peers])
    get_user = ROOT / "events" / "get_user.jumpcloud.json"
    served = functions(artifact)
    cases = [
        Case(FLOOR, "floor", (peers, packages("floor", python)), get_user),
        Case(PRUNED_FLOOR, "floor", (peers, packages("floor", python, prune=True)), get_user),
        Case(TYPICAL, "typical", (peers, packages("typical", python)), get_user),
        *served,
        Case("get_user, no .pyc", "handlers.get_user", (uncompiled,), get_user),
        Case("get_user, runtime's SDK", "handlers.get_user", (without_sdk, packages("floor", python)), get_user),
    ]
    taken: dict[str, list[dict[str, Any]]] = {case.name: [] for case in cases}
    order = random.Random(1)
    with stub_aws() as endpoint:
        for number in range(-1, rounds):
            for case in order.sample(cases, len(cases)):
                once = cold_start(python, case, endpoint)
                if number >= 0:  # the first round brings the files into memory
                    taken[case.name].append(once)
    version = run([python, "-VV"], check=True).stdout.split()[1]
    report(taken, {case.name for case in served}, options.json, python=version, rounds=rounds)


def report(taken: dict[str, list[dict[str, Any]]], judged: set[str], path: Path, **facts: object) -> None:
    """The table, in milliseconds, and which of those judged by the goals misses one."""
    for samples in taken.values():
        for sample in samples:
            sample["whole"] = sample["init"] + sample["request"]
    rows: list[list[object]] = []
    missed: list[str] = []
    for name, samples in taken.items():
        row: list[object] = [name, _milliseconds(samples, "whole")]
        row.append(round(1000 * statistics.quantiles([each["whole"] for each in samples], n=10)[-1]))
        row += [_milliseconds(samples, measure) for measure in ("request", "cpu")]
        for peer, goal in GOALS.items():
            for measure in ("whole", "cpu"):
                ratio = _times(samples, taken[peer], measure)
                row.append(round(ratio, 2))
                if name in judged and ratio > goal:
                    missed.append(f"{name}: {ratio:.2f} of {peer} ({measure}), goal {goal}")
        rows.append([*row, samples[0]["modules"]])
    columns = ["start", "median", "p90", "request", "CPU", "/ floor", "CPU / floor", "/ typical"]
    columns += ["CPU / typical", "modules"]
    publish("Cold starts in ms", columns, rows, path, **facts, goals=GOALS, missed=missed)
    if missed:
        sys.exit("\n".join(missed))


def _milliseconds(samples: list[dict[str, Any]], measure: str) -> int:
    return round(1000 * statistics.median(float(each[measure]) for each in samples))


def _times(samples: list[dict[str, Any]], peer: list[dict[str, Any]], measure: str) -> float:
    return statistics.median(
        float(one[measure]) / float(other[measure]) for one, other in zip(samples, peer, strict=True)
    )


if __name__ == "__main__":
    main()
