"""docs/reference/errors.md: every reason, with status, meaning and remedy, from where the source raises or logs it."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from adapters.secrets.connector_secrets import SecretUnusable
from domain.accounts.explanations import explained
from domain.accounts.silence import AccountWarning
from domain.errors import Retryable, ScimError, Unauthorized
from handlers.setup import refusals
from handlers.setup.answers import Refused
from operations.membership_rows import RefusedMembership
from operations.roster.cells import InvalidCells
from operations.roster.rows import RowRefused
from operations.user_import import RowOutcome
from reference.markdown import code, codes, page, prose, table
from reference.reason_texts import LOG_REASONS, ROW_REASONS
from reference.reasons import Written, written_reasons
from reference.templates import Template, template

_ROWS: Final = (RowRefused, InvalidCells, RefusedMembership, RowOutcome)

_INTRODUCTION = """
An identity provider gets a SCIM error (RFC 7644 section 3.12) with `status`, perhaps `scimType`, and `detail`, a
sentence for the person who reads it in its console. It does not get the `reason`. You find the reason, and `remedy`,
here:

- in the log line of the request, and in that of an operation of a bulk request ([log fields](log-fields.md));
- with `rollcall activity --failed`, which prints both;
- on the dashboard in CloudWatch, and in the saved queries;
- with `make run`, in the line that the terminal prints for each request, and in the workbench.

The page of a set-up link shows the customer's administrator what a refused request means, in the words below. Words
in capitals stand for a value, for example `NAME` for the name of the account.
"""

_REQUESTS = """
In alphabetical order. `Retry-After` means that the answer has this header, after which the identity provider may send
the request again.
"""

_GATEWAY = """
API Gateway refuses some requests itself, before a function sees them. They have no reason and no log line of a
request. The access log has their `status` and `error` (saved query `refused-by-gateway`):
"""

_SETUP = """
The page that a link of `rollcall account invite` opens writes a log line `setup` for each of its requests. These are
the reasons in it, with what the page shows:
"""

_SERVED = """
A `reason` also stands in lines about something that was done, or that was found:
"""

_IMPORTS = """
`rollcall users import` and `rollcall groups import` put a reason and a detail next to each row that they refuse
([import.md](../import.md)). A row that the service itself would refuse has one of the reasons above.
"""


def request_reasons(written: Iterable[Written] | None = None) -> Mapping[str, Sequence[Written]]:
    """The reasons with which a request can be refused, and where each is written."""
    return _by_reason(each for each in _all(written) if inspect.isclass(each.made) and issubclass(each.made, ScimError))


def served_reasons(written: Iterable[Written] | None = None) -> Mapping[str, Sequence[Written]]:
    """The reasons of log lines that are no refusals."""
    return _by_reason(each for each in _all(written) if each.made is None or each.made is AccountWarning)


def row_reasons(written: Iterable[Written] | None = None) -> Mapping[str, Sequence[Written]]:
    """The reasons for which an import refuses a row."""
    return _by_reason(each for each in _all(written) if each.made in _ROWS)


def error_page(written: Iterable[Written] | None = None, root: Template | None = None) -> str:
    """The page about these reasons, those of the source unless given, and the gateway's answers in template.yaml."""
    found = list(_all(written))
    requests = request_reasons(found)
    parts = [
        prose(_INTRODUCTION),
        "## Reasons of refused and failed requests",
        prose(_REQUESTS),
        table(
            ["Reason", "Status", "scimType", "What it means"],
            (
                [f"[`{name}`](#{name})", _status(one), codes(_types(one)), explained(name).meaning]
                for name, one in requests.items()
            ),
        ),
        *(_section(name, one) for name, one in requests.items()),
        "## Reasons in other log lines",
        prose(_SERVED),
        table(["Reason", "What it means"], ([code(name), LOG_REASONS[name]] for name in served_reasons(found))),
        "## Refusals of the set-up page",
        prose(_SETUP),
        _setup(found),
        "## Refusals of an import's rows",
        prose(_IMPORTS),
        table(["Reason", "What it means"], ([code(name), ROW_REASONS[name]] for name in row_reasons(found))),
        "## Answers of API Gateway",
        prose(_GATEWAY),
        _gateway(template("template.yaml") if root is None else root),
    ]
    return page("Errors and reasons", "the `reason` and `remedy` of every error in `src`, and `template.yaml`", *parts)


def _all(written: Iterable[Written] | None) -> Iterable[Written]:
    return written_reasons() if written is None else written


def _by_reason(found: Iterable[Written]) -> dict[str, list[Written]]:
    grouped: dict[str, list[Written]] = {}
    for each in found:
        grouped.setdefault(each.reason, []).append(each)
    return dict(sorted(grouped.items()))


def answered_as(error: type[ScimError]) -> type[ScimError]:
    """The class that decides the status: an unusable secret is answered like a wrong key."""
    return Unauthorized if issubclass(error, SecretUnusable) else error


def _classes(written: Sequence[Written]) -> list[type[ScimError]]:
    return list(dict.fromkeys(answered_as(each.made) for each in written))


def _status(written: Sequence[Written]) -> str:
    return ", ".join(dict.fromkeys(str(each.status.value) for each in _classes(written)))


def _types(written: Sequence[Written]) -> list[str]:
    return [one for one in dict.fromkeys(each.scim_type for each in _classes(written)) if one is not None]


def _section(name: str, written: Sequence[Written]) -> str:
    classes = _classes(written)
    answers = dict.fromkeys(
        f"{each.status.value} {each.status.phrase}"
        + (f", `scimType` `{each.scim_type}`" if each.scim_type else "")
        + (", `Retry-After`" if issubclass(each, Retryable) else "")
        for each in classes
    )
    meaning, advice = explained(name)
    facts = [f"- Answer: {' or '.join(answers)}"]
    facts += [f"- Remedy: {remedy}" for remedy in dict.fromkeys(one for each in written for one in each.remedies)]
    facts += [f"- The set-up page says: {advice}"]
    return f"### {name}\n\n{meaning}\n\n" + "\n".join(facts)


def _setup(written: Iterable[Written]) -> str:
    rows = []
    for each in written:
        if each.made is Refused:
            continue
        if inspect.isfunction(each.made) and each.made.__module__ == refusals.__name__:
            rows.append(_refusal(each.made(each.reason)))
    for name, make in vars(refusals).items():
        if inspect.isfunction(make) and make.__module__ == refusals.__name__ and not name.startswith("_"):
            rows += [_refusal(one) for one in _made(make)]
    unique = sorted({row[0]: row for row in rows}.values())
    return table(["Reason", "Status", "Title", "What it means", "Remedy"], unique)


def _made(make: Any) -> list[Refused]:
    """The refusal that a function makes; none of one that is given the reason."""
    match list(inspect.signature(make).parameters):
        case []:
            return [make()]
        case ["reason"]:
            return []
        case ["seconds"]:
            return [make(60)]
        case _:
            return [make("GET")]


def _refusal(refused: Refused) -> list[str]:
    texts = refused.texts
    return [code(refused.reason), str(refused.status.value), texts["title"], texts["explanation"], texts["remedy"]]


def _gateway(root: Template) -> str:
    answers = root["Resources"]["Api"]["Properties"]["GatewayResponses"]
    rows = [
        [str(answer["StatusCode"]), code(name), json.loads(_body(answer))["detail"]] for name, answer in answers.items()
    ]
    return table(["Status", "Response of the gateway", "`detail`"], sorted(rows))


def _body(answer: Mapping[str, Any]) -> str:
    return str(answer["ResponseTemplates"]["application/json"])


def status_of(reason: str) -> frozenset[HTTPStatus]:
    """The statuses with which requests that have this reason are answered."""
    return frozenset(each.status for each in _classes(request_reasons()[reason]))
