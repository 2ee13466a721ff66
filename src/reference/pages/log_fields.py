"""docs/reference/log-fields.md: the fields of every log line, and the metrics that are counted from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reference.log_lines import COMMON, Field, LogLine, log_lines
from reference.markdown import code, codes, page, prose, table
from reference.metric_texts import METRICS
from reference.templates import Template, template

_INTRODUCTION = """
Every line is one JSON object. `message` names its kind; this page has a section for each. The lines about requests
are in the log group `/aws/lambda/STACK/requests`, where `STACK` is the name of the stack; the others name theirs. How
to query them: [operations.md](../operations.md#saved-queries).

A field that is 0, false or empty is left out, unless the column *Always* has `yes`. No field holds a body, a filter,
a name of a person, an address or a key ([decision 016](../decisions/016-what-the-log-says.md)).
"""

_ACCESS = """
API Gateway writes a line for each request into the log group `/aws/apigateway/STACK`, also for those that it refuses
itself. It has neither the path nor the query string nor the header Authorization.
"""

_ACCESS_FIELDS: Final = {
    "request_id": "The id of the request, which the line of the function has, too.",
    "status": "The HTTP status of the answer.",
    "error": "If the gateway refused the request itself: [the response](errors.md#answers-of-api-gateway). Else `-`.",
    "ip": "The address that the request came from.",
    "agent": "The client's header User-Agent.",
    "route": "The method, and the path as `template.yaml` has it, with `{id}` for an id.",
}

_METRICS = """
CloudWatch counts these metrics from the log lines, with the metric filters of `observability.yaml`, in the namespace
`Rollcall/STACK` ([decision 051](../decisions/051-things-are-logged-once.md)). *Counted from* is the pattern of each
filter; with a second one, the metric also counts refusals that have no line of their own.

Failures of the service are `Requests` minus `Succeeded` minus `ClientErrors`. What AWS measures has no metric here:
invocations, durations and errors of each function, DynamoDB's units and throttling, how far the publisher is behind.
"""


def log_page(
    lines: Iterable[LogLine] | None = None, nested: Template | None = None, root: Template | None = None
) -> str:
    """The page about these lines, and the metrics and the access log of these templates; those of the repository."""
    lines = log_lines() if lines is None else tuple(lines)
    nested = template("observability.yaml") if nested is None else nested
    root = template("template.yaml") if root is None else root
    parts = [
        prose(_INTRODUCTION),
        "Lines: " + ", ".join(f"[`{each.message}`](#{each.message})" for each in lines) + ".",
    ]
    parts += ["## Fields of every line", _fields(COMMON)]
    for each in lines:
        parts += [f"## {each.message}", each.when, _fields(sorted(each.fields))]
    parts += ["## Access log of API Gateway", prose(_ACCESS), _access_log(root)]
    parts += ["## Metrics", prose(_METRICS), _metrics(nested)]
    sources = "the records in `src`, `src/reference/log_lines.py`, `template.yaml` and `observability.yaml`"
    return page("Log fields and metrics", sources, *parts)


def _fields(fields: Iterable[Field]) -> str:
    rows = ([code(each.name), each.type, "yes" if each.always else "", each.text] for each in fields)
    return table(["Field", "Type", "Always", "Meaning"], rows)


def _access_log(root: Template) -> str:
    fields = json.loads(root["Resources"]["Api"]["Properties"]["AccessLogSetting"]["Format"])
    return table(["Field", "API Gateway's variable", "Meaning"], (_access_row(*each) for each in fields.items()))


def _access_row(name: str, variable: str) -> list[str]:
    return [code(name), code(variable), _ACCESS_FIELDS[name]]


def _metrics(nested: Template) -> str:
    rows: dict[str, tuple[dict[str, None], dict[str, None]]] = {}
    for filter_ in (each["Properties"] for each in nested["Resources"].values() if _is_filter(each)):
        for made in filter_["MetricTransformations"]:
            patterns, dimensions = rows.setdefault(made["MetricName"], ({}, {}))
            patterns[filter_["FilterPattern"]] = None
            dimensions.update(dict.fromkeys(each["Key"] for each in made.get("Dimensions", ())))
    return table(
        ["Metric", "Counts", "Also by", "Counted from"],
        (
            [code(name), METRICS[name], codes(dimensions), " or ".join(map(code, patterns))]
            for name, (patterns, dimensions) in sorted(rows.items())
        ),
    )


def _is_filter(resource: Mapping[str, Any]) -> bool:
    return bool(resource["Type"] == "AWS::Logs::MetricFilter")
