"""The dashboard as a page: its own JSON, drawn with the data of a day."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from preview.charts import COLOURS, Frame, Line, Mark, gauge, number, numbers, time_series
from preview.day import Day
from support.dashboard import REGION, STACK, Expression, Metric, Widget, contents
from support.insights import Event, Query
from support.metric_math import Series, evaluate

COLUMN, ROW, GAP = 66, 48, 12
WIDTH = 24 * COLUMN

_STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def page(body: dict[str, Any], day: Day, custom: Callable[[Widget], str], note: str) -> str:
    """The whole page; `custom` gives the HTML of a custom widget."""
    bottom = max(widget["y"] + widget["height"] for widget in body["widgets"])
    cards = "".join(_card(widget, day, custom) for widget in body["widgets"])
    begin, end = (datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M") for at in (day.start, day.end))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Preview</title><style>{_STYLE}</style>'
        f'<div class="bar"><b>{STACK}-{REGION}</b><span>{begin} to {end} UTC</span></div>'
        f'<div class="note"><b>Preview.</b> {escape(note)}</div>'
        f'<div class="board" style="width:{WIDTH}px;height:{bottom * ROW}px">{cards}</div></html>'
    )


def _card(widget: Widget, day: Day, custom: Callable[[Widget], str]) -> str:
    width, height = widget["width"] * COLUMN - GAP, widget["height"] * ROW - GAP
    place = f"left:{widget['x'] * COLUMN}px;top:{widget['y'] * ROW}px;width:{width}px;height:{height}px"
    title = widget["properties"].get("title")
    head = f"<h3>{escape(title)}</h3>" if title else ""
    inner_height = height - (36 if title else 0) - 14
    return f'<div class="widget" style="{place}">{head}{_inner(widget, day, custom, width - 24, inner_height)}</div>'


def _inner(widget: Widget, day: Day, custom: Callable[[Widget], str], width: int, height: int) -> str:
    match widget["type"]:
        case "text":
            return f'<div class="text">{_markdown(widget["properties"]["markdown"])}</div>'
        case "log":
            return f'<div class="in">{_table(Query.parse(widget["properties"]["query"]).run(day.events))}</div>'
        case "custom":
            # In a tree of its own, so that its style and the page's do not meet; CloudWatch hides actions, too.
            inner = f"<style>cwdb-action{{display:none}}</style>{custom(widget)}"
            return f'<div class="in"><template shadowrootmode="open">{inner}</template></div>'
        case "alarm":
            names = [arn.rpartition(":")[2] for arn in widget["properties"]["alarms"]]
            return f'<div class="in alarms">{"".join(f"<span>{escape(name)}</span>" for name in names)}</div>'
        case "metric":
            return (
                f'<div class="in">{_on_metrics(widget["properties"], list(contents(widget)), day, width, height)}</div>'
            )
    raise ValueError(f"no such widget: {widget['type']}")


def _on_metrics(
    properties: dict[str, Any], wanted: list[Metric | Expression], day: Day, width: int, height: int
) -> str:
    period = None if properties.get("setPeriodToTimeRange") else properties["period"]
    lines = _lines(properties, wanted, day, period)
    axes = properties.get("yAxis", {})
    marks = [
        Mark(mark["label"], mark["color"], mark["value"])
        for mark in properties.get("annotations", {}).get("horizontal", ())
    ]
    match properties["view"]:
        case "singleValue":
            return numbers(lines)
        case "gauge":
            return gauge(lines[0], (axes["left"]["min"], axes["left"]["max"]), marks, width, height)
        case "timeSeries":
            assert period
            frame = Frame(day.start, day.end, period, width, height)
            units = tuple(axes.get(side, {}).get("label", "") for side in ("left", "right"))
            return time_series(
                lines, marks, frame, stacked=properties.get("stacked", False), units=(units[0], units[1])
            )
    raise ValueError(f"no such view: {properties['view']}")


def _lines(properties: dict[str, Any], wanted: list[Metric | Expression], day: Day, period: float | None) -> list[Line]:
    length = period or day.end - day.start
    periods = [day.start + n * length for n in range(int((day.end - day.start) / length))]
    found: dict[int, Series] = {}
    by_id: dict[str, Series] = {}
    for place, one in enumerate(wanted):
        if isinstance(one, Metric):
            found[place] = day.series(one, one.options.get("stat") or properties["stat"], period)
            if "id" in one.options:
                by_id[one.options["id"]] = found[place]
    for place, one in enumerate(wanted):
        if isinstance(one, Expression):
            found[place] = evaluate(one.text, by_id, periods)
    shown = [(place, one) for place, one in enumerate(wanted) if one.options.get("visible", True)]
    return [
        Line(
            _label(one, found[place]),
            one.options.get("color", COLOURS[n % len(COLOURS)]),
            found[place],
            one.options.get("yAxis") == "right",
        )
        for n, (place, one) in enumerate(shown)
    ]


def _label(one: Metric | Expression, points: Series) -> str:
    label = str(one.options.get("label") or (one.name if isinstance(one, Metric) else one.text))
    return label.replace("${SUM}", number(sum(points.values())))


def _table(rows: list[Event]) -> str:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    order = ["@timestamp", "account", "operation", "answer", "scim_type", "reason", "what_to_do"]
    columns.sort(key=lambda name: order.index(name) if name in order else len(order))
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    lines = "".join(f"<tr>{''.join(f'<td>{_cell(name, row)}</td>' for name in columns)}</tr>" for row in rows)
    return f'<table class="log"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'


def _cell(name: str, row: Event) -> str:
    if name == "@timestamp":
        return datetime.fromtimestamp(row[name] / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return escape(str(row.get(name, "")))


def _markdown(text: str) -> str:
    """As much of Markdown as the dashboard's texts use."""
    text = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
    text = re.sub(r"`(.+?)`", r"<code>\1</code>", text)
    text = re.sub(r"\[(.+?)\]\((.+?)\)", r'<a href="\2">\1</a>', text)
    return "".join(_block(line) for line in re.split(r"\n+", text))


def _block(line: str) -> str:
    level = len(line) - len(line.lstrip("#"))
    return f"<h{level}>{line.lstrip('# ')}</h{level}>" if level else f"<p>{line}</p>"
