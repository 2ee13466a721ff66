"""docs/scale.md: what a month costs follows from its own prices, the template, and the budgets of the data model."""

from __future__ import annotations

import re
from itertools import product

import pytest

from adapters.secrets.guesses import AT_ONCE, SECONDS_EACH
from domain.limits import DEFAULT_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND
from storage.budgets import budgets
from support.dashboard import template_text
from support.metric_sources import emitted, filtered
from support.repository import ROOT
from support.stack_template import TEXT, of_type

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
COSTS = PAGE.partition("## What a month costs")[2].partition("\n## ")[0]
ROWS = {
    name: (formula, figure)
    for name, formula, figure in re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", COSTS, re.MULTILINE)
}
USED = {name: row for name, row in ROWS.items() if "=" in row[0]}
PRICED = {name: row for name, row in ROWS.items() if "$" in row[0] and "at most" not in row[0]}
PER_MILLION_TRACES, SECRET = 5, 0.40


def value(formula: str) -> float:
    """What a formula of the page comes to: M is a million, KB a millionth of the GB that a price is for."""
    text = formula.partition("=")[0].replace(" x ", " * ").replace("$", "").replace(",", "")
    text = text.replace(" / M", " / 1e6").replace(" KB", " * 1e-6").replace(" / GB", "")
    assert re.fullmatch(r"[\d.e() +*/-]+", text), f"not a formula: {formula}"
    return float(eval(text, {"__builtins__": {}}))


def number(text: str) -> float:
    return float(re.sub(r"[^\d.]", "", text))


@pytest.mark.parametrize("name", USED)
def test_a_quantity_is_what_its_formula_says(name: str) -> None:
    formula, of_thousand = USED[name]

    assert value(formula) == pytest.approx(number(formula.partition("=")[2]), rel=0.005)
    assert number(of_thousand) == pytest.approx(1000 * value(formula), rel=0.005)


@pytest.mark.parametrize("name", PRICED)
def test_a_price_is_what_its_formula_says(name: str) -> None:
    formula, of_thousand = PRICED[name]

    assert number(of_thousand) == pytest.approx(1000 * value(formula), abs=0.0001)


def test_the_units_are_those_that_the_budgets_hold() -> None:
    budget, (reads, _), (writes, _) = (
        budgets(),
        USED["read units"],
        USED["write units, with the guard's for each delete"],
    )

    assert f"4 x {budget['look-up by userName'].read_units} + 2 x {budget['get by id'].read_units}" in reads
    assert (
        1000 * number(reads.partition("30 x ")[2].partition("=")[0])
        <= budget["page of 1,000 by `startIndex`"].read_units
    )
    assert writes.startswith(
        f"2 x {budget['replace, patch'].write_units} + 0.05 x {budget['create'].write_units}"
        f" + 0.05 x {budget['delete, with a deprovisioning limit'].write_units} "
    )


def test_the_prices_are_those_of_the_dashboard() -> None:
    for name, price in template_text()[1].items():
        if name.startswith("Usd"):
            assert f"${price} for a" in COSTS.replace("\n", " "), name


def fixed() -> dict[str, float]:
    """What a stack costs that has no users: alarms, dashboard, metrics, key."""
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    read = [sum("MetricStat" in one for one in alarm.get("Metrics", ())) or 1 for alarm in alarms]
    own_key_only = 1  # EventsUndelivered, with a key of one's own, which takes the place of the topic's
    return {
        "alarms": 0.10 * (sum(read) - own_key_only) + 0.50 * len(of_type("AWS::CloudWatch::CompositeAlarm")),
        "dashboard": 3,
        "custom metrics": 0.30 * len(emitted() | filtered()),
        "the key": 1,
    }


def test_what_a_stack_costs_without_users_is_what_is_in_the_template() -> None:
    parts = fixed()

    assert f"alarms ${parts['alarms']:.2f}, dashboard $3, " in COSTS
    assert f"{len(emitted() | filtered())} custom metrics ${parts['custom metrics']:.2f}, " in COSTS
    assert f"together about ${sum(parts.values()):.0f}." in COSTS


def test_the_table_of_accounts_and_users_follows() -> None:
    least = sum(1000 * value(formula) for formula, _ in PRICED.values())
    most = least + 1000 * value("8.13 x $5 / M")
    assert f"**${least:.3f}**" in COSTS
    assert f"(${least:.3f} to ${most:.3f}) x users / 1,000" in COSTS

    sizes = (10_000, 1_000_000, 10_000_000)
    shown = {
        (int(accounts.replace(",", "")), users): [number(part) for part in cell.split(" to ")]
        for accounts, *cells in re.findall(
            r"^\| \*\*([\d,]+) accounts?\*\* \| (.+) \| (.+) \| (.+) \|$", COSTS, re.MULTILINE
        )
        for users, cell in zip(sizes, cells, strict=True)
    }
    assert len(shown) == 9
    for accounts, users in product((1, 100, 10_000), sizes):
        requests = 8.13 * users / 1e6
        traces = min(requests, 2.6) + 0.05 * max(0.0, requests - 2.6)
        rest = sum(fixed().values()) + SECRET * (accounts + 1) + PER_MILLION_TRACES * traces
        expected = [rest + each * users / 1000 for each in (least, most)]

        assert shown[accounts, users][0] == pytest.approx(expected[0], rel=0.03), (accounts, users)
        assert shown[accounts, users][-1] == pytest.approx(expected[1], rel=0.03), (accounts, users)


def default(parameter: str) -> int:
    """The default of a parameter of the template, as it stands there."""
    found = re.search(rf"^  {parameter}:\n(?:    .*\n)*?    Default: (\d+)$", TEXT, re.MULTILINE)
    assert found, parameter
    return int(found[1])


FAIRNESS = PAGE.partition("## Who can take what from whom")[2].partition("\n## ")[0]
REFUSAL_SECONDS = 0.005


def test_refusals_of_all_that_the_stack_takes_leave_half_of_a_function_to_customers() -> None:
    rate, executions = default("RequestsPerSecond"), default("ReservedConcurrency")
    taken = rate * REFUSAL_SECONDS

    assert taken <= executions / 2
    assert f"{rate:,} x {REFUSAL_SECONDS} s = {taken:.0f} of {executions}" in FAIRNESS
    assert f"{executions} / {REFUSAL_SECONDS} s = {executions / REFUSAL_SECONDS:,.0f} a second" in FAIRNESS
    assert f"{executions - taken:.0f} / 0.05 s = {(executions - taken) / 0.05:.0f} requests a second" in FAIRNESS


def test_the_stack_takes_the_whole_rate_of_many_accounts_and_a_part_of_the_gateways() -> None:
    rate, burst = default("RequestsPerSecond"), default("RequestsAtOnce")
    of_an_account = DEFAULT_REQUESTS_PER_SECOND

    assert f"{rate:,} / {of_an_account} = {rate / of_an_account:.0f} |" in FAIRNESS
    assert f"{rate:,} / 10,000 = {rate / 10_000:.0%}".replace("%", " %") in FAIRNESS
    assert f"{burst:,} / 5,000 = {burst / 5_000:.0%}".replace("%", " %") in FAIRNESS
    assert (
        f"`requests-per-second` {of_an_account} (a setting of the account, {MIN_REQUESTS_PER_SECOND} to 1,000)" in PAGE
    )
    assert f"`RequestsPerSecond` {rate:,}, `RequestsAtOnce` {burst:,}" in PAGE


def test_what_a_flood_costs_and_reads_is_what_the_bounds_allow() -> None:
    an_hour = 3600 * default("RequestsPerSecond") / 1e6
    cost = an_hour * (3.5 + 0.2) + an_hour * 1e6 * 1e-6 * 0.5
    reads = f"{AT_ONCE} at once, then {1 / SECONDS_EACH:.0f} a second"

    assert f"{an_hour} M x ($3.50 + $0.20) / M + {an_hour} M x 1 KB x $0.50 / GB = ${cost:.0f}" in FAIRNESS
    assert f"{reads}, in each container: {1 / SECONDS_EACH:.0f} x 200 = {200 / SECONDS_EACH:.0f} a second" in FAIRNESS
    assert f"{default('WafRequestsPerAddress') / 300:.0f} a second (10,000 in five minutes)" in FAIRNESS
