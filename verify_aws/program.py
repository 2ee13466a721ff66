"""What `make verify-aws` does with its options: the dry run, the clean-up of earlier runs, or a run."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from support.repository import ROOT
from verify_aws import deploying, measuring, using
from verify_aws.account import Account, Refused, account_of
from verify_aws.cleaning import Removed, clean_up
from verify_aws.estimate import Estimate, estimate
from verify_aws.evidence import without_private
from verify_aws.facts import facts_of
from verify_aws.identity import PREFIX, Run
from verify_aws.plan import Sizes, Stage, Step
from verify_aws.records import Records
from verify_aws.remains import Kind, kinds
from verify_aws.runs import Found, found_runs
from verify_aws.screen import Screen, dry_lines, end_lines, plan_lines
from verify_aws.shell import LocalShell, Shell
from verify_aws.verification import Interrupts, Verification

EVIDENCE: Final = ROOT / "docs" / "evidence"
_EXAMPLE: Final = "00000000"
_FEW_EXECUTIONS: Final = 100


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line."""

    dry_run: bool = False
    clean_up: bool = False
    run: str | None = None
    yes: bool = False
    json: bool = False
    region: str | None = None
    profile: str | None = None
    evidence: Path = EVIDENCE


def steps_of(run: Run, sets_logs_role: bool) -> list[Step]:
    """The steps of a run, in order."""
    return [*deploying.steps(run, sets_logs_role), *using.steps(run), *measuring.steps(run)]


def shell_of(session: boto3.Session, profile: str | None, environment: Mapping[str, str]) -> LocalShell:
    """Commands with the session's region and profile, and without what make passed on."""
    of_make = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "ROLLCALL_STACK")
    kept = {name: value for name, value in environment.items() if name not in of_make}
    region = str(session.region_name)
    chosen = {"AWS_REGION": region, "AWS_DEFAULT_REGION": region, "SAM_CLI_TELEMETRY": "0"}
    return LocalShell(kept | chosen | ({"AWS_PROFILE": profile} if profile is not None else {}))


@dataclass
class Program:
    """The program, and what it needs of its surroundings."""

    options: Options
    session: Callable[[], boto3.Session]
    """Makes the session; raises `Refused`."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    look: Callable[[boto3.Session, Mapping[str, str]], Account] = account_of
    shell: Callable[[boto3.Session], Shell] | None = None
    """Runs commands; None for those of this machine."""
    address: Callable[[str], str] = lambda base_url: base_url
    steps: Callable[[Run, bool], list[Step]] = steps_of
    sizes: Sizes = field(default_factory=Sizes)
    folder: Path = ROOT / deploying.KEPT
    emulator: bool = False
    pause: Callable[[float], None] = time.sleep
    ask: Callable[[str], bool] | None = None
    """Asks a question; None where no one can be asked."""

    def __post_init__(self) -> None:
        # With --json, standard output has the JSON and nothing else.
        self.screen = Screen(Console(stderr=self.options.json))
        self.records = Records(self.folder)

    def run(self) -> int:
        """Do it; return the exit code."""
        try:
            if self.options.dry_run:
                return self._dry_run()
            session = self.session()
            account = self.look(session, self.environment)
            earlier = self._earlier(session)
            return (
                self._clean_up(session, earlier) if self.options.clean_up else self._verify(session, account, earlier)
            )
        except Refused as refusal:
            print(refusal, file=sys.stderr)
            return 2

    def _dry_run(self) -> int:
        example = Run(PREFIX + _EXAMPLE, datetime.now(UTC).replace(microsecond=0))
        steps, of_run = self.steps(example, True), self._kinds(example, boto3.Session(region_name="us-east-1"))
        cost = estimate(steps, self.sizes)
        if self.options.json:
            self._answer(
                {
                    "dryRun": True,
                    "steps": [_described(step) for step in steps],
                    "cleanUp": [{"title": kind.title, "calls": kind.calls} for kind in of_run],
                    "estimate": _estimated(cost),
                }
            )
        else:
            for line in dry_lines(steps, of_run, cost):
                self.screen.say(line.replace(_EXAMPLE, "RANDOM"))
        return 0

    def _verify(self, session: boto3.Session, account: Account, earlier: Sequence[Found]) -> int:
        run = Run.new()
        sets_logs_role = not account.has_logs_role
        steps = self.steps(run, sets_logs_role)
        cost = estimate(steps, self.sizes)
        killed = [one for one in earlier if one.state == "ended"]
        for line in plan_lines(_shown(account, run), steps, cost, killed):
            self.screen.say(line)
        self._confirm("Deploy, use and delete it?")
        for one in killed:
            self._removed(session, one.run)
        stage = Stage(
            run,
            session,
            self.shell(session) if self.shell else shell_of(session, self.options.profile, self.environment),
            self.sizes,
            account.region,
            self.options.profile,
            sets_logs_role,
            self.address,
            self.records.building,
        )
        self.screen.count = len(steps)
        facts = facts_of(account.region, self.sizes, emulator=self.emulator)
        with self.records.alive(run.name):
            verification = Verification(
                stage, steps, self._kinds(run, session), facts, self.screen.say, self.pause,
                self.screen.began, self.screen.ended,
            )  # fmt: skip
            evidence, removed = verification.run()
        self._forget(run, removed)
        for line in end_lines(removed):
            self.screen.say(line)
        try:
            files = evidence.write(self.options.evidence)
        except OSError as error:
            files = []
            self.screen.say(f"The results could not be written to {self.options.evidence}: {error}. The results:")
            self.screen.say(evidence.page())
        self.screen.say(f"The run {evidence.verdict}. Written: {', '.join(map(_from_here, files)) or 'nothing'}")
        if self.options.json:
            left = [asdict(each) for each in removed.left]
            self._answer({**evidence.document(), "left": left, "files": list(map(_from_here, files))})
        return 0 if evidence.verdict == "passed" else 1

    def _clean_up(self, session: boto3.Session, earlier: Sequence[Found]) -> int:
        named = self.options.run
        chosen = [one for one in earlier if one.run.name == named or (named is None and one.state == "ended")]
        chosen = [one for one in chosen if one.state != "alive"]
        for one in earlier:
            if one not in chosen:
                self.screen.say(
                    f"{one.run.name}, started {one.run.started:%Y-%m-%d %H:%M} UTC, is not deleted: "
                    f"{_why_it_stays(one)}"
                )
        if not chosen:
            self.screen.say("There is nothing to delete.")
        elif not self.options.yes:
            self._confirm(f"Delete the remaining resources of {', '.join(one.run.name for one in chosen)}?")
        results = {one.run.name: self._removed(session, one.run) for one in chosen}
        if self.options.json:
            self._answer({"removed": {name: without_private(asdict(result)) for name, result in results.items()}})
        missing = named is not None and not chosen
        return 1 if missing or any(not result.complete for result in results.values()) else 0

    def _removed(self, session: boto3.Session, run: Run) -> Removed:
        interrupts = Interrupts(self.screen.say, cleaning=True)
        with interrupts.handled():
            removed = clean_up(self._kinds(run, session), self.screen.say, self.pause)
        self._forget(run, removed)
        for line in end_lines(removed):
            self.screen.say(line)
        return removed

    def _forget(self, run: Run, removed: Removed) -> None:
        """Remove the run's build, and its record if nothing is left in AWS."""
        shutil.rmtree(ROOT / deploying.built(run), ignore_errors=True)
        if removed.complete:
            self.records.forget(run.name)

    def _earlier(self, session: boto3.Session) -> list[Found]:
        try:
            return found_runs(session, self.records, datetime.now(UTC))
        except (ClientError, BotoCoreError) as error:
            raise Refused(f"Earlier runs could not be listed: {error}") from error

    def _kinds(self, run: Run, session: boto3.Session) -> list[Kind]:
        return kinds(run, session, self.pause)

    def _confirm(self, question: str) -> None:
        if self.options.yes:
            return
        if self.ask is None:
            raise Refused("This costs money, and the question cannot be asked here: add --yes.")
        if not self.ask(question):
            raise Refused("Nothing was done.")

    def _answer(self, document: Mapping[str, Any]) -> None:
        print(json.dumps(document, indent=2))


def _shown(account: Account, run: Run) -> list[tuple[str, str]]:
    logs = (
        "has a role, which is kept"
        if account.has_logs_role
        else "has no role; the run sets one and removes it at the end"
    )
    few = "; requests of the load may be refused" if account.executions < _FEW_EXECUTIONS else ""
    return [
        ("AWS account", account.id),
        ("Caller", account.caller),
        ("Region", account.region),
        ("Stack", f"{run.name}, a new stack; no other stack is changed"),
        ("Gateway's logs", logs),
        ("Lambda's quota", f"{account.executions} executions at once{few}"),
    ]


def _why_it_stays(one: Found) -> str:
    if one.state == "alive":
        return "it is running on this machine"
    return f"it may be running elsewhere; if it is not: make verify-aws VERIFY='--clean-up --run {one.run.name}'"


def _described(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "title": step.title,
        "minutes": step.minutes,
        "commands": step.commands,
        "calls": step.calls,
        "requests": step.requests,
    }


def _estimated(cost: Estimate) -> dict[str, Any]:
    return {"minutes": cost.minutes, "dollars": cost.dollars, "parts": cost.parts}


def _from_here(file: Path) -> str:
    return str(file.relative_to(ROOT) if file.is_relative_to(ROOT) else file)
