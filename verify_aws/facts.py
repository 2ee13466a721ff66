"""What the results are about: versions, region and commit."""

from __future__ import annotations

import platform
import re
import tomllib
from importlib.metadata import version
from typing import Any

from support.child_processes import run
from support.repository import ROOT
from verify_aws.plan import ARCHITECTURE, Sizes


def facts_of(region: str, sizes: Sizes, *, emulator: bool) -> dict[str, Any]:
    """The facts, by name."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    facts: dict[str, Any] = {
        "version": project["version"],
        "commit": _git("rev-parse", "HEAD") or "unknown",
        "changed": bool(_git("status", "--porcelain", "--untracked-files=no")),
        "region": region,
        "architecture": ARCHITECTURE,
        "runtime": _found(r"Runtime: (python[\d.]+)", "template.yaml"),
        "samCli": _found(r"^aws-sam-cli==([\d.]+)", "requirements-sam.txt"),
        "python": platform.python_version(),
        "system": platform.system(),
        "boto3": version("boto3"),
        "users": sizes.users,
        "requestsASecond": sizes.rate,
        "secondsOfLoad": sizes.seconds,
    }
    return facts | ({"emulator": True} if emulator else {})


def _found(pattern: str, file: str) -> str:
    """What the file says first, or that it does not."""
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return found.group(1) if found else "unknown"


def _git(*arguments: str) -> str:
    """The answer of git; nothing where there is no repository or no git."""
    try:
        done = run(["git", *arguments], cwd=ROOT)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
