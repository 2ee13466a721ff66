"""Imports and objects of a function before its first request, each in a fresh process: most of a cold start."""

from __future__ import annotations

import json
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib.metadata import packages_distributions

import pytest

from support.artifact_build import UTILITIES
from support.child_processes import run
from support.repository import ROOT

HANDLERS = ROOT / "src" / "handlers"

NEVER = frozenset(
    {
        "asyncio",
        "aws_lambda_powertools.event_handler",
        "aws_lambda_powertools.utilities.data_classes",
        "aws_lambda_powertools.utilities.parameters",
        "aws_lambda_powertools.utilities.parser",
        "aws_lambda_powertools.utilities.validation",
        "aws_xray_sdk",
        "boto3",
        "cli",
        "idna",
        "local",
        "operations",
        "pydantic",
        "s3transfer",
    }
)
"""Modules that no function imports: expensive, or not part of the artifact."""

READING = frozenset({"pydantic_core", "domain.changes.users", "domain.resources.validation"})
"""Modules that check and change users; reading should not wait for them."""

GROUPS = frozenset({"domain.resources.group_schema", "domain.changes.groups", "adapters.dynamodb.groups"})
"""Modules of groups; functions of users load them when an account has groups and a request needs them."""

NO_QUERIES = frozenset({"domain.filter", "domain.queries.listing"})


@dataclass(frozen=True)
class Diet:
    """The number of modules that a function may import besides the standard library's, and the forbidden ones."""

    modules: int
    without: frozenset[str] = frozenset()


DIETS = {
    "create_user": Diet(313, GROUPS),
    "replace_user": Diet(313, GROUPS),
    "patch_user": Diet(313, GROUPS),
    "delete_user": Diet(313, GROUPS),
    "bulk": Diet(315, GROUPS),
    "get_user": Diet(230, READING | NO_QUERIES | GROUPS),
    "list_users": Diet(300, READING | GROUPS),
    "search_users": Diet(300, READING | GROUPS),
    "discovery": Diet(229, READING | NO_QUERIES | GROUPS),
    "create_group": Diet(312),
    "replace_group": Diet(312),
    "patch_group": Diet(312),
    "delete_group": Diet(312),
    "change_groups": Diet(317),
    "get_group": Diet(232, READING | NO_QUERIES),
    "list_groups": Diet(305, READING),
    "search_groups": Diet(305, READING),
    "read_groups": Diet(311, READING),
    "unrouted": Diet(228, READING | NO_QUERIES | GROUPS),
    "jobs.publisher": Diet(220, READING | NO_QUERIES),
    "settings.widget": Diet(250, READING | NO_QUERIES),
    # People open it, and wait for the template engine at its first page.
    "setup.page": Diet(275, READING | NO_QUERIES),
    "jobs.seed_default_account": Diet(145, READING | NO_QUERIES),
    "jobs.watch": Diet(213, READING | NO_QUERIES),
    # No client waits for it: it runs in a deployment.
    "jobs.pre_traffic": Diet(310),
}

CLIENTS = {
    **dict.fromkeys(DIETS, ("secretsmanager", "dynamodb")),
    "discovery": ("secretsmanager",),
    "jobs.publisher": ("events",),
    "settings.widget": ("secretsmanager", "dynamodb", "logs"),
    "setup.page": ("secretsmanager", "dynamodb", "logs"),
    "jobs.watch": ("dynamodb", "logs", "secretsmanager"),
    "jobs.seed_default_account": ("secretsmanager",),
    "jobs.pre_traffic": (),
}
"""The services that a function asks; the one that runs in a deployment makes its clients when it asks."""

_PROGRAM = """
import json, os, sys
from importlib import import_module
from importlib.util import find_spec

made = []

class RecordClients:  # from the moment that the function imports botocore
    def find_spec(self, name, path, target=None):
        if name != "botocore.session":
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        load = spec.loader.exec_module

        def exec_module(module):
            load(module)
            create = module.Session.create_client

            def create_client(session, service, *arguments, **settings):
                made.append(service)
                return create(session, service, *arguments, **settings)

            module.Session.create_client = create_client

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, RecordClients())
before = set(sys.modules)
assert callable(import_module(sys.argv[1]).handler)
theirs = sys.stdlib_module_names - {"asyncio"}
found = [name for name in set(sys.modules) - before if name.partition(".")[0] not in theirs]
files = {name: getattr(sys.modules[name], "__file__", None) for name in found}
not_empty = [name for name in found if not files[name] or os.path.getsize(files[name])]
print(json.dumps([not_empty, made]))
"""


@cache
def start(module: str) -> tuple[frozenset[str], list[str]]:
    """The modules that a handler imports and the services it makes clients of, in a process like one on Lambda."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHON", "COV"))},
        "PYTHONPATH": str(ROOT / "src"),
        "AWS_LAMBDA_FUNCTION_NAME": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "TABLE_NAME": "users",
        "CONNECTOR_SECRET_PREFIX": "test/connectors/",
        "EVENT_BUS_NAME": "test",
        "EVENT_ISSUER": "https://scim.example.com/scim/v2",
        "LOG_GROUPS": "test",
        "LOG_RETENTION_DAYS": "90",
        "SCIM_CONNECTOR_BASE_URL": "https://scim.example.com/scim/v2",
        "SILENCE_HOURS": "168",
    }
    done = run(
        [sys.executable, "-c", _PROGRAM, f"handlers.{module}"],
        env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    imported, made = json.loads(done.stdout)
    return frozenset(imported), made


def within(forbidden: frozenset[str], modules: frozenset[str]) -> set[str]:
    """Those of the modules that are forbidden, or inside of what is."""
    return {name for name in modules if any(name == one or name.startswith(f"{one}.") for one in forbidden)}


def test_every_function_has_a_bound_of_imports() -> None:
    handlers = {
        ".".join(path.relative_to(HANDLERS).with_suffix("").parts)
        for path in HANDLERS.rglob("*.py")
        if re.search(r"\n(def )?handler\b", path.read_text("utf-8"))
    }

    assert handlers == DIETS.keys()


@pytest.mark.parametrize("module", DIETS)
def test_a_function_imports_no_more_modules_than_its_bound(module: str) -> None:
    found, _ = start(module)

    assert within(NEVER | DIETS[module].without, found) == set()
    assert len(found) <= DIETS[module].modules, sorted(found)


def test_every_package_of_the_artifact_is_imported_by_a_function() -> None:
    pinned = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE))
    provided = packages_distributions()
    modules = {name.partition(".")[0] for module in DIETS for name in start(module)[0]}
    used = {name.replace("_", "-").lower() for module in modules for name in provided.get(module, ())}

    assert pinned - used == {"idna"}  # imported for a name that is not ASCII, as `domain/resources` says


def test_no_function_imports_what_the_artifact_leaves_out() -> None:
    prefix = "aws_lambda_powertools.utilities."
    used = {name.removeprefix(prefix).split(".")[0] for m in DIETS for name in start(m)[0] if name.startswith(prefix)}

    assert used <= {name.removesuffix(".py") for name in UTILITIES}


def test_a_function_that_changes_users_is_ready_to_check_them_before_its_first_request() -> None:
    for module in ("create_user", "replace_user", "patch_user", "bulk"):
        assert {"pydantic_core", "domain.changes.users"} <= start(module)[0]


@pytest.mark.parametrize("module", CLIENTS)
def test_the_clients_of_a_function_are_made_once_before_its_first_request(module: str) -> None:
    assert sorted(start(module)[1]) == sorted(CLIENTS[module])
