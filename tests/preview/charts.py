"""Charts as SVG and numbers as HTML, with the look of CloudWatch's widgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from math import cos, floor, log10, pi, sin

from support.metric_math import Series

COLOURS = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 10, 22
_LINE_HEIGHT = 20


@dataclass(frozen=True)
class Line:
    """What is drawn for one metric."""

    label: str
    colour: str
    points: Series
    on_the_right: bool = False


@dataclass(frozen=True)
class Mark:
    """A horizontal line across the chart."""

    label: str
    colour: str
    value: float


@dataclass(frozen=True)
class Frame:
    """The time shown, and the size in pixels; `period` is that of the points."""

    start: float
    end: float
    period: float
    width: int
    height: int


def time_series(
    lines: Sequence[Line], marks: Sequence[Mark], frame: Frame, *, stacked: bool, units: tuple[str, str] = ("", "")
) -> str:
    """Lines over time, or areas upon each other, with their legend."""
    legend = _legend(lines)
    rows = _rows(lines, frame.width)
    plot = Frame(frame.start, frame.end, frame.period, frame.width, frame.height - rows * _LINE_HEIGHT)
    if not any(line.points for line in lines):
        return f'<div class="nothing" style="height:{plot.height}px">No data available in this run</div>{legend}'
    layers = _stack(lines, plot) if stacked else [(line, None, line.points) for line in lines]
    tops = [value for line, _, points in layers for value in points.values() if not line.on_the_right]
    right_tops = [value for line in lines if line.on_the_right for value in line.points.values()]
    highest = max([*tops, 1e-9]) if tops else 1.0
    top = _nice(max([highest, *(mark.value for mark in marks if mark.value <= 4 * highest)]))
    right_top = _nice(max([*right_tops, 1.0]))
    parts = [_grid(plot, top, units[0]), _hours(plot)]
    if right_tops:
        parts.append(_right_axis(plot, right_top, units[1]))
    for line, base, points in layers:
        parts.append(_drawn(line, base, points, plot, right_top if line.on_the_right else top))
    parts += [_mark(mark, plot, top) for mark in marks if mark.value <= top]
    size = f'width="{plot.width}" height="{plot.height}" viewBox="0 0 {plot.width} {plot.height}"'
    return f"<svg {size}>{''.join(parts)}</svg>{legend}"


def numbers(lines: Sequence[Line]) -> str:
    """The newest value of each, large."""
    cells = "".join(
        f'<div><div class="value">{_last(line)}</div><div class="label">'
        f'<i style="background:{line.colour}"></i>{escape(line.label)}</div></div>'
        for line in lines
    )
    return f'<div class="numbers">{cells}</div>'


def gauge(line: Line, scale: tuple[float, float], marks: Sequence[Mark], width: int, height: int) -> str:
    """A half circle that is filled as far as the value goes; marks fill what is below them."""
    low, high = scale
    radius = min(width / 2 - 34, height - 44)
    x, y = width / 2, height - 34
    value = max(low, min(high, next(reversed(line.points.values()), low)))
    part = (value - low) / (high - low)
    colour = next((mark.colour for mark in marks if value < mark.value), "#2ca02c")
    track, filled = _arc(x, y, radius, 1, "#e9ebed"), _arc(x, y, radius, part, colour)
    ends = "".join(
        f'<text class="axis" x="{x + side * radius:.0f}" y="{y + 18:.0f}" text-anchor="middle">{number(end)}</text>'
        for side, end in ((-1, low), (1, high))
    )
    label = f'<text class="axis" x="{x:.0f}" y="{y + 18:.0f}" text-anchor="middle">{escape(line.label)}</text>'
    shown = f'<text class="gauge" x="{x:.0f}" y="{y - 8:.0f}" text-anchor="middle">{_last(line)}</text>'
    return f'<svg width="{width}" height="{height}">{track}{filled}{shown}{ends}{label}</svg>'


def number(value: float) -> str:
    """A figure as a person reads it: three digits or so."""
    if value == 0:
        return "0"
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:.3g}M"
    if abs(value) >= 10_000:
        return f"{value / 1000:.3g}k"
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    if abs(value) >= 0.01:
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{value:.1g}" if abs(value) >= 0.0001 else f"{value:.1e}"


def _last(line: Line) -> str:
    value = next(reversed(line.points.values()), None)
    return "--" if value is None else number(value)


def _legend(lines: Sequence[Line]) -> str:
    entries = "".join(f'<span><i style="background:{one.colour}"></i>{escape(one.label)}</span>' for one in lines)
    return f'<div class="legend">{entries}</div>'


def _rows(lines: Sequence[Line], width: int) -> int:
    """Rows that the legend takes."""
    rows, used = 1, 0.0
    for line in lines:
        wide = 30 + 6.4 * len(line.label)
        if used + wide > width - 10:
            rows, used = rows + 1, 0.0
        used += wide
    return rows


def _stack(lines: Sequence[Line], frame: Frame) -> list[tuple[Line, Series | None, Series]]:
    """Each line with what it stands upon and its top, the first at the bottom."""
    times = [frame.start + n * frame.period for n in range(int((frame.end - frame.start) / frame.period))]
    base = dict.fromkeys(times, 0.0)
    layers: list[tuple[Line, Series | None, Series]] = []
    for line in lines:
        top = {time: base[time] + line.points.get(time, 0.0) for time in times}
        layers.append((line, base, top))
        base = top
    return layers


def _drawn(line: Line, base: Series | None, points: Series, frame: Frame, top: float) -> str:
    if base is not None:
        along = [_at(frame, time, value, top) for time, value in points.items()]
        back = [_at(frame, time, value, top) for time, value in reversed(base.items())]
        return f'<polygon points="{" ".join(along + back)}" fill="{line.colour}" fill-opacity="0.85"/>'
    pieces: list[list[str]] = []
    times = list(points)
    for before, time in pairwise([None, *times]):
        if before is None or time - before > 3 * frame.period:
            pieces.append([])
        pieces[-1].append(_at(frame, time, points[time], top))
    dots = "".join(
        f'<circle cx="{x}" cy="{y}" r="2.2" fill="{line.colour}"/>'
        for piece in pieces
        if len(piece) == 1
        for x, _, y in (piece[0].partition(","),)
    )
    strokes = "".join(
        f'<polyline points="{" ".join(piece)}" fill="none" stroke="{line.colour}" stroke-width="1.6"/>'
        for piece in pieces
        if len(piece) > 1
    )
    return strokes + dots


def _at(frame: Frame, time: float, value: float, top: float) -> str:
    return f"{_x(frame, time + frame.period / 2):.1f},{_y(frame, value / top):.1f}"


def _x(frame: Frame, time: float) -> float:
    return _LEFT + (time - frame.start) / (frame.end - frame.start) * (frame.width - _LEFT - _RIGHT)


def _y(frame: Frame, part: float) -> float:
    return frame.height - _BOTTOM - part * (frame.height - _BOTTOM - _TOP)


def _grid(frame: Frame, top: float, unit: str) -> str:
    parts = []
    for quarter in range(5):
        y = _y(frame, quarter / 4)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{frame.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(
            f'<text class="axis" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{number(top * quarter / 4)}</text>'
        )
    if unit:
        parts.append(f'<text class="axis unit" x="4" y="{_y(frame, 1) + 18:.0f}">{escape(unit)}</text>')
    return "".join(parts)


def _right_axis(frame: Frame, top: float, unit: str) -> str:
    end = f'x="{frame.width - _RIGHT}" text-anchor="end"'
    return (
        f'<text class="axis" {end} y="{_y(frame, 1) + 12:.0f}">{number(top)} {escape(unit)}</text>'
        f'<text class="axis" {end} y="{_y(frame, 0) - 4:.0f}">0</text>'
    )


def _hours(frame: Frame) -> str:
    step = (frame.end - frame.start) / 6
    texts = []
    for n in range(7):
        moment = datetime.fromtimestamp(frame.start + n * step, UTC)
        anchor = "start" if n == 0 else "end" if n == 6 else "middle"
        x = _x(frame, frame.start + n * step)
        text = moment.strftime("%H:%M")
        texts.append(f'<text class="axis" x="{x:.0f}" y="{frame.height - 6}" text-anchor="{anchor}">{text}</text>')
    return "".join(texts)


def _mark(mark: Mark, frame: Frame, top: float) -> str:
    y = _y(frame, mark.value / top)
    below = 13 if y < 2 * _TOP else -4
    return (
        f'<line x1="{_LEFT}" x2="{frame.width - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{mark.colour}" '
        f'stroke-dasharray="5 4"/><text class="axis" x="{frame.width - _RIGHT}" y="{y + below:.1f}" text-anchor="end" '
        f'style="fill:{mark.colour}">{escape(mark.label)}</text>'
    )


def _arc(x: float, y: float, radius: float, part: float, colour: str) -> str:
    """So much of a half circle around (x, y), from its left end."""
    angle = pi * max(part, 0.001)
    end = f"{x - radius * cos(angle):.1f},{y - radius * sin(angle):.1f}"
    path = f"M{x - radius:.1f},{y:.1f} A{radius:.1f},{radius:.1f} 0 0 1 {end}"
    return f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="22"/>'


def _nice(value: float) -> float:
    """The next round figure above."""
    magnitude = 10.0 ** floor(log10(value))
    return next(step * magnitude for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10) if step * magnitude >= value)
