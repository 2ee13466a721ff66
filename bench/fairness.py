"""The effect of an account that sends ten times its limit on others: their success and p95 without it and with it.

    make bench-fairness      (or: PYTHONPATH=src:tests .venv/bin/python bench/fairness.py [--quick] [--json FILE])

Over HTTP, on DynamoDB Local. The others' requests are served by one process, the noisy account's by two more, which
share the table: on Lambda no two requests are in one container at the same time, either, and each container has a CPU
of its own. So that they have it here, too, what makes and serves the noise runs on one half of the machine's cores, and
all else, DynamoDB Local included, on the other. Three phases take turns: without noise, with it, and, for comparison,
with the same noise from an account whose limit does not bind.
"""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from identity_providers import Mix
from load import COLUMNS, CONSOLE, WARM_UP, Load, make_table, mixes_of, percentile, process, said
from report import parser_of, publish
from rich.progress import Progress

from domain.limits import DEFAULT_REQUESTS_PER_SECOND, MAX_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND
from support import engines
from support.child_processes import Child

OTHERS: Final = [f"other-{number}" for number in range(5)]
REQUESTS_OF_OTHERS: Final = 20
"""A second, of all of them together: two cores are enough for it and the noise."""
LIMIT: Final = MIN_REQUESTS_PER_SECOND
NOISE: Final = 10 * LIMIT
CONTAINERS: Final = 2
"""Processes that serve the noisy account."""
NOISE_WARM_UP: Final = 5.0
"""Seconds of noise before a phase: its burst is used up then."""
PHASES: Final = {
    "without": None,
    "with": "limited",
    "no limit": "unlimited",
}


def halves() -> tuple[frozenset[int], frozenset[int]]:
    """The cores for the noise and those for all else; two empty sets where they cannot be divided."""
    if not hasattr(os, "sched_getaffinity"):
        return frozenset(), frozenset()
    cores = sorted(os.sched_getaffinity(0))
    half = len(cores) // 2
    return (frozenset(cores[:half]), frozenset(cores[half:])) if half else (frozenset(), frozenset())


@dataclass
class Phase:
    """Results of one phase over all rounds."""

    seconds: float = 0.0
    taken: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    noise: Counter[str] = field(default_factory=Counter)

    def row(self, name: str, base: Phase) -> list[object]:
        """As the table has it: milliseconds, and the noise a second."""
        p50, p95 = (1000 * percentile(self.taken, percent) for percent in (50, 95))
        sent, let_in = (count / self.seconds for count in (self.noise.total(), self.noise["200"]))
        return [
            name,
            len(self.taken),
            f"{1 - len(self.errors) / len(self.taken):.2%}",
            round(p50, 1),
            round(p95, 1),
            f"{p95 / (1000 * percentile(base.taken, 95)):.2f}",
            round(sent, 1),
            round(let_in, 1),
        ]


@dataclass
class Stage:
    """The running services, and what is sent to them."""

    folder: Path
    others: str
    mixes: list[Mix]
    noisy: dict[str, list[str]]
    """Addresses and keys of the noisy account, by whether its limit binds."""
    cores_of_noise: frozenset[int]

    def play(self, phase: Phase, noisy: str | None, seconds: float, progress: Progress) -> None:
        """One round of one phase."""
        with ExitStack() as stack:
            answers = self.folder / "noise"
            if noisy is not None:
                output = stack.enter_context(answers.open("wb"))
                arguments = [f"{NOISE}", f"{NOISE_WARM_UP}", f"{seconds}", *self.noisy[noisy]]
                said(
                    stack.enter_context(process("noise.py", *arguments, output=output, cores=self.cores_of_noise)),
                    "warm",
                )
            load = Load(self.others)
            load.run(self.mixes, round(REQUESTS_OF_OTHERS * seconds), REQUESTS_OF_OTHERS, progress)
        phase.seconds += seconds
        phase.taken += [one for taken in load.taken.values() for one in taken]
        phase.errors += load.errors
        if noisy is not None:
            phase.noise.update(json.loads(answers.read_text(encoding="utf-8")))


def services(stack: ExitStack, endpoint: str, folder: Path, cores_of_noise: frozenset[int]) -> Iterator[dict[str, Any]]:
    """The state that each service reports: that of the others, and those of the noisy accounts."""
    of_noise = [f"{MAX_REQUESTS_PER_SECOND}", "unlimited"], [f"{LIMIT}", "limited"]
    as_here: frozenset[int] = frozenset()
    wanted = [(as_here, ["300", f"{DEFAULT_REQUESTS_PER_SECOND}", *OTHERS])]
    wanted += [(cores_of_noise, ["1", *each]) for each in of_noise for _ in range(CONTAINERS)]
    for number, (cores, arguments) in enumerate(wanted):
        log = stack.enter_context((folder / f"log-{number}").open("wb"))
        service: Child[bytes] = stack.enter_context(
            process("load_service.py", endpoint, *arguments, output=log, cores=cores)
        )
        yield json.loads(said(service, "{"))


def measure(rounds: int, seconds: float) -> dict[str, Phase]:
    """Start everything and play the phases in turn, so that the machine's own noise meets all of them alike."""
    phases = {name: Phase() for name in PHASES}
    cores_of_noise, cores_of_all_else = halves()
    if cores_of_all_else:
        os.sched_setaffinity(0, cores_of_all_else)  # and what it starts, where nothing else is said
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        endpoint = stack.enter_context(engines.dynamodb_local())
        make_table(endpoint)
        others, *noisy = services(stack, endpoint, folder, cores_of_noise)
        sent_to: dict[str, list[str]] = {"limited": [], "unlimited": []}
        for state in noisy:
            for account, filled in state["accounts"].items():
                sent_to[account] += [state["url"], filled["key"]]
        stage = Stage(folder, others["url"], mixes_of(others), sent_to, cores_of_noise)
        with Progress(*COLUMNS, console=CONSOLE) as progress:
            Load(others["url"]).run(stage.mixes, WARM_UP, REQUESTS_OF_OTHERS, progress)
            for _ in range(rounds):
                for name, noisy_account in PHASES.items():
                    stage.play(phases[name], noisy_account, seconds, progress)
    return phases


def main() -> int:
    """Measure, print and write what came of it; 1 when a request of the others failed."""
    options = parser_of(__doc__, "fairness.json").parse_args()
    if (why_not := engines.missing()) is not None:
        print(why_not, file=sys.stderr)
        return 2
    rounds, seconds = (1, 10.0) if options.quick else (4, 12.0)
    phases = measure(rounds, seconds)
    without, limited, _ = phases.values()
    publish(
        f"Others at {REQUESTS_OF_OTHERS} requests a second (milliseconds); noise at {NOISE}, limit {LIMIT} a second",
        ["noise", "requests", "succeeded", "p50", "p95", "p95 ratio", "noise sent", "let in"],
        [phase.row(name, without) for name, phase in phases.items()],
        options.json,
        seconds_of_each_phase=rounds * seconds,
        accounts=len(OTHERS),
        limit=LIMIT,
        let_in_over_limit=round(limited.noise["200"] / limited.seconds / LIMIT, 3),
        noise={name: dict(phase.noise) for name, phase in phases.items()},
    )
    errors = [error for phase in phases.values() for error in phase.errors]
    for error in errors[:10]:
        CONSOLE.print(error, markup=False)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
