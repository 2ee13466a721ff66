"""The log lines and their fields: from the texts next to the fields of the records, and below where there is no record.

Tests compare each line with what is written.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from adapters.logs.telemetry import RequestRecord
from reference.docstrings import DocumentedField, fields_in, members_of_dict, module_text

_TELEMETRY: Final = "adapters/logs/telemetry.py"
_COUNTERS: Final = {"usage": ("adapters/dynamodb/usage.py", "Usage"), "effects": ("domain/effects.py", "Effects")}
"""The fields of `RequestRecord` that are counters, whose fields are in the line one by one."""


class Field(NamedTuple):
    """A field of a log line: its type in words, and what it means."""

    name: str
    type: str
    text: str
    always: bool = False


class LogLine(NamedTuple):
    """The lines with one `message`: where and when one is written, and its fields."""

    message: str
    when: str
    fields: tuple[Field, ...]


COMMON: Final = (
    Field("level", "text", "`INFO`, `WARNING` for a refusal or finding, `ERROR` for a failure of the service.", True),
    Field("message", "text", "What kind of line it is: one of the headings of this page.", True),
    Field("timestamp", "text", "When the line was written, in UTC, for example `2030-01-31T12:00:00.000Z`.", True),
    Field("xray_trace_id", "text", "The id of the trace, if the line is about a failure or a slow request."),
)
_ABOUT: Final = {
    "request_id": Field("request_id", "text", "The `request_id` of the request's line.", True),
    "account": Field("account", "text", "The account.", True),
    "operation": Field("operation", "text", "The operation of the request, such as `CreateUser`.", True),
    "user_id": Field("user_id", "text", "The id of the user whom the line is about.", True),
    "reason": Field("reason", "text", "[What happened](errors.md#reasons-in-other-log-lines), in one word.", True),
}
_OF_A_REQUEST: Final = ("request_id", "account", "operation", "user_id")


def log_lines(telemetry: str | None = None) -> tuple[LogLine, ...]:
    """All log lines of the service, those of requests first; `telemetry` is another text of that module."""
    text = module_text(_TELEMETRY) if telemetry is None else telemetry
    request = request_fields(text)
    return (
        LogLine("request", "One for each request that reaches a function.", request),
        LogLine(
            "bulk-operation",
            "One for each operation of a bulk request that failed, after the request's line.",
            _of_operation(text, request),
        ),
        LogLine(
            "adoption",
            "One for each user whom an identity provider took over, after the request's line.",
            _about(*_OF_A_REQUEST, "reason"),
        ),
        LogLine(
            "take-back",
            "One for each deactivated user whom a create reactivated, after the request's line.",
            _about(*_OF_A_REQUEST, "reason"),
        ),
        LogLine(
            "let-through",
            "One for each user who lost access because an operator let them, after the request's line.",
            (*_about(*_OF_A_REQUEST, "reason"), Field("by", "text", "The operator's ARN.", True)),
        ),
        LogLine(
            "lost-access",
            "One for each user who lost access and whom the request's line does not name, as in a bulk request.",
            (*_about("request_id", "account", "operation"), *_plain("domain/effects.py", "Loss")),
        ),
        LogLine("audit", _AUDIT, _AUDIT_FIELDS),
        LogLine("setup", "One for each request to the set-up page, in the log group of requests.", _SETUP_FIELDS),
        LogLine(
            "watch",
            "One for each finding of the hourly check of accounts, in the log group `/aws/lambda/STACK/Watch`.",
            _plain("domain/accounts/silence.py", "AccountWarning"),
        ),
        LogLine(
            "watched",
            "One at the end of each hourly check, in the same log group. Metrics are counted from it.",
            _WATCHED_FIELDS,
        ),
        LogLine(
            "publish",
            "One for each batch of changes that the publisher publishes, in the log group "
            "`/aws/lambda/STACK/Publisher`. For a batch without failure or delay only at log level `INFO`, and "
            "without `request_id` and `records`.",
            _plain("adapters/logs/publisher_telemetry.py", "BatchRecord", leaves_out=True),
        ),
        LogLine(
            "release",
            "One for each release, from the smoke test before it gets traffic, in the log group "
            "`/aws/lambda/STACK/PreTraffic`.",
            _RELEASE_FIELDS,
        ),
    )


_AUDIT: Final = (
    "One for what is done or shown on the settings page (log group `/aws/lambda/STACK/SettingsWidget`), and one when a "
    "set-up link shows the key. The commands that change one user or group write two for each change: one before it "
    "(`change-begun`) and one after it."
)
_AUDIT_FIELDS: Final = (
    Field("what", "text", "What was done, for example `key-rotated`, `user-deactivated`, `change-failed`.", True),
    Field("account", "text", "The account.", True),
    Field("actor", "text", "Who did it, as far as it is known: [Who did it](../operations.md#who-did-it).", True),
    Field(
        "request_id", "text", "What the two lines of a command have in common; of a page, the id of the request.", True
    ),
    Field("operation", "text", "The command, for example `users deactivate`. Only of a command."),
    Field("user_id", "text", "The id of the user whom a command changes."),
    Field("group_id", "text", "The id of the group that a command changes."),
    Field("attribute", "text", "The names of the attributes that a command changed, with commas between."),
    Field("reason", "text", "Why a command's change failed: [one of these words](errors.md), or a class of error."),
    Field("users_deactivated", "number", "`1` if the command deactivated the user."),
    Field("users_removed", "number", "`1` if the command removed the user."),
    Field("users_displaced", "number", "`1` if the command took userName and all addresses from the user."),
)
_SETUP_FIELDS: Final = (
    Field("request_id", "text", "API Gateway's id of the request.", True),
    Field("operation", "text", "`page`, `file`, `view`, `choose`, `reveal` or `other`.", True),
    Field("status", "number", "The HTTP status of the answer.", True),
    Field("account", "text", "The account of a link that opens."),
    Field(
        "reason", "text", "Why the request was refused: [one of these words](errors.md#refusals-of-the-set-up-page)."
    ),
    Field("cause", "text", "For a failure: the class of the error and its place in the code."),
)
_WATCHED_FIELDS: Final = (
    Field("accounts", "number", "How many accounts there are.", True),
    Field("silent_accounts", "number", "How many are silent: nothing came for `SilenceHours`.", True),
    Field("old_keys", "number", "How many have a key that is a year old or older.", True),
    Field("unusable_secrets", "number", "How many have a secret that cannot be used.", True),
)
_RELEASE_FIELDS: Final = (
    Field("deployment_id", "text", "CodeDeploy's id of the deployment.", True),
    Field("succeeded", "true or false", "If the smoke test succeeded.", True),
    Field("step", "text", "The step that failed: function, method and path."),
    Field("cause", "text", "What failed."),
    Field("remedy", "text", "What to do about it."),
)


def request_fields(text: str) -> tuple[Field, ...]:
    """The fields of a request's line: those of `RequestRecord`, and what its method `fields` makes of them."""
    documented = fields_in(text, "RequestRecord")
    made = {name: _made(value, documented) for name, value in members_of_dict(text, "fields").items()}
    own = {name: each for name, each in documented.items() if not name.startswith("_") and name not in _NO_FIELDS}
    always = RequestRecord("GetUser", "", cold_start=False).fields()
    return tuple(
        _field(name, each, is_always=name in always) for name, each in (own | made).items() if name not in _COUNTERS
    )


_NO_FIELDS: Final = ("is_failure", "any_id")


def _made(value: ast.expr, documented: dict[str, DocumentedField]) -> DocumentedField:
    """The field of the record, or of one of its counters, from which a member of the line is made."""
    value = value.body if isinstance(value, ast.IfExp) else value
    value = value.values[0] if isinstance(value, ast.BoolOp) else value
    [first, *_] = [each for each in ast.walk(value) if _is_of_record(each)]
    match first:
        case ast.Attribute(value=ast.Attribute(attr=counter), attr=name):
            found = fields_in(module_text(_COUNTERS[counter][0]), _COUNTERS[counter][1])[name]
        case ast.Attribute(attr=name):
            found = documented[name]
        case _:
            raise LookupError(ast.unparse(value))
    return found._replace(annotation="int") if isinstance(value, ast.Call) else found  # len(...)


def _is_of_record(node: ast.AST) -> bool:
    """True for `self.name`, and for `self.counter.name`."""
    match node:
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"))) | ast.Attribute(value=ast.Name(id="self")):
            return True
    return False


def _of_operation(text: str, request: Iterable[Field]) -> tuple[Field, ...]:
    """The fields of a bulk operation's line; those without a text mean what they mean in the request's line."""
    same = {each.name: each for each in request}
    found = fields_in(text, "OperationRecord")
    named = ((name, each if each.text else each._replace(text=same[name].text)) for name, each in found.items())
    return (*_about("request_id", "account"), *(_field(name, each, is_always=_has_value(each)) for name, each in named))


def _plain(file: str, record: str, *, leaves_out: bool = False) -> tuple[Field, ...]:
    """The fields of a record; `leaves_out` if its line has none that is empty."""
    return tuple(
        _field(name, each, is_always=not leaves_out and _has_value(each))
        for name, each in fields_in(module_text(file), record).items()
        if not each.annotation.startswith("dict[str, object]")
    )


def _has_value(documented: DocumentedField) -> bool:
    return "None" not in documented.annotation


def _about(*names: str) -> tuple[Field, ...]:
    return tuple(_ABOUT[name] for name in names)


def _field(name: str, documented: DocumentedField, *, is_always: bool) -> Field:
    if not documented.text:
        raise LookupError(f"{name} has no text next to it")
    return Field(name, _in_words(documented.annotation), documented.text, is_always)


def _in_words(annotation: str) -> str:
    match annotation.removesuffix(" | None"):
        case "int" | "float":
            return "number"
        case "bool":
            return "`true`"
        case "list[str]":
            return "list of texts"
        case "dict[str, int]":
            return "object of numbers"
        case _:
            return "text"


def messages_in(text: str) -> Iterator[str]:
    """The messages of the lines that a module writes: of `log.write("message", ...)` and its like."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and _writes(node.func):
            for each in node.args[:2]:
                if isinstance(each, ast.Constant) and isinstance(each.value, str):
                    yield each.value


def _writes(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=ast.Name(id="log") | ast.Attribute(attr="log"), attr="write" | "write_by_level"):
            return True
        case ast.Name(id="_write"):
            return True
    return False
