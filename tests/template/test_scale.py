"""docs/scale.md: its figures follow from the prices, quotas and assumptions below, the template and the budgets."""

from __future__ import annotations

import re
from datetime import timedelta
from itertools import product

import pytest

from adapters.logs import last_requests
from adapters.logs.last_requests import LATE
from adapters.secrets.guesses import AT_ONCE, SECONDS_EACH
from domain.limits import DEFAULT_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND
from handlers.jobs import watch
from storage.budgets import budgets
from support.dashboard import prices
from support.log_sizes import of_the_publisher, sizes
from support.metric_sources import emitted
from support.repository import ROOT
from support.stack_template import PARAMETERS, RESOURCES, of_type, reserved_executions

PAGE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
BUDGETS = budgets()
MILLION, KB = 1e6, 1e-6
"""Of what a price is for: a million requests or units; a GB."""

# List prices of us-east-1 in USD, on demand, 2025. Those of the dashboard are compared with it.
PRICES = {name: float(value) for name, value in prices().items()}
STORED_GB, BACKED_UP_GB = 0.25, 0.20
LOGS_GB, KEPT_LOGS_GB, SEARCHED_GB = PRICES["UsdPerGbOfLogs"], 0.03, 0.005
EVENTS, TRACES, SECRET, SECRET_READS = 1.0, 5.0, 0.40, 5.0
ALARM_METRIC, COMPOSITE_ALARM, CUSTOM_METRIC, DASHBOARD, KEY = 0.10, 0.50, 0.30, 3.0, 1.0

# A user's month: how often each operation is called, and the measured sizes and times of requests.
LOOK_UPS, GETS, CHANGES, CREATES, DELETES, CRAWLS, PAGE_OF_USERS = 4, 2, 2, 1 / 20, 1 / 20, 30, 1000
UNITS_TO_CRAWL_A_USER = 0.355
USER_KB = 2.6
SECONDS, SECONDS_OF_A_PAGE, SECONDS_OF_AN_EVENT, GB_OF_MEMORY = 0.03, 1, 0.05, PRICES["GbOfMemory"]
MONTHS_OF_LOGS = 3
TRACED_AT_MOST = 2.6
"""Millions of requests a month: X-Ray's default takes one a second, and a twentieth of the others."""

SIZES = sizes()
SENT = {
    "look-up": LOOK_UPS,
    "get": GETS,
    "patch": CHANGES / 2,
    "put": CHANGES / 2,
    "create": CREATES,
    "delete": DELETES,
    "page": CRAWLS / PAGE_OF_USERS,
}
"""How often one user causes each kind of request."""
PUBLISHER = "publisher: function, log, bus; one change at a time"
WATCH = "watch: reads each line of the functions' log once, and ten minutes of every hour twice"
REQUESTS = LOOK_UPS + GETS + CHANGES + CREATES + DELETES + CRAWLS / PAGE_OF_USERS
CHANGED = CHANGES + CREATES + DELETES
READ_UNITS = (
    LOOK_UPS * BUDGETS["look-up by userName"].read_units
    + GETS * BUDGETS["get by id"].read_units
    + CHANGES * BUDGETS["replace, patch"].read_units
    + DELETES * BUDGETS["delete"].read_units
    + CRAWLS * UNITS_TO_CRAWL_A_USER
)
WRITE_UNITS = (
    CHANGES * BUDGETS["replace, patch"].write_units
    + CREATES * BUDGETS["create"].write_units
    + DELETES * BUDGETS["delete, with a deprovisioning limit"].write_units
)
GB_SECOND = PRICES["UsdPerGbSecond"] * GB_OF_MEMORY
INVOCATION = PRICES["UsdPerMillionInvocations"] / MILLION
KEPT_LOG_GB = LOGS_GB + MONTHS_OF_LOGS * KEPT_LOGS_GB

USED = {
    "requests": REQUESTS,
    "read units": READ_UNITS,
    "write units, with the guard's for each delete": WRITE_UNITS,
    "events": CHANGED,
}
LOG_LINE_KB = sum(times * SIZES[kind].function for kind, times in SENT.items()) / REQUESTS / 1000
ACCESS_LINE_KB = sum(times * SIZES[kind].gateway for kind, times in SENT.items()) / REQUESTS / 1000
EVENT_LOG_KB = of_the_publisher() / 1000
COSTS = {
    "DynamoDB": (READ_UNITS * PRICES["UsdPerMillionReadUnits"] + WRITE_UNITS * PRICES["UsdPerMillionWriteUnits"])
    / MILLION,
    "storage": USER_KB * KB * (STORED_GB + BACKED_UP_GB),
    "API Gateway": REQUESTS * PRICES["UsdPerMillionApiRequests"] / MILLION,
    "Lambda, 30 ms a request, 1 s a page of the crawl": REQUESTS * INVOCATION
    + (REQUESTS * SECONDS + CRAWLS / PAGE_OF_USERS * SECONDS_OF_A_PAGE) * GB_SECOND,
    "logs, kept for 90 days": REQUESTS * (LOG_LINE_KB + ACCESS_LINE_KB) * KB * KEPT_LOG_GB,
    PUBLISHER: CHANGED
    * (INVOCATION + SECONDS_OF_AN_EVENT * GB_SECOND + EVENT_LOG_KB * KB * KEPT_LOG_GB + EVENTS / MILLION),
    WATCH: REQUESTS * (1 + LATE / timedelta(hours=1)) * LOG_LINE_KB * KB * SEARCHED_GB,
}
"""By row of the page, what one user costs in a month."""
LEAST = sum(COSTS.values())
MOST = LEAST + REQUESTS * SECRET_READS / MILLION


def numbers(text: str) -> list[float]:
    return [float(one.replace(",", "")) for one in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


def row(name: str) -> list[str]:
    """The cells to the right of a row's name; of two rows of that name, of the last one."""
    *_, found = [line for line in PAGE.splitlines() if re.fullmatch(rf"\| \**{re.escape(name)}\** \|.*", line)]
    return found.strip("|").split(" | ")[1:]


@pytest.mark.parametrize("name", USED)
def test_what_a_thousand_users_use_is_the_sum_of_their_requests(name: str) -> None:
    assert numbers(row(name)[-1]) == pytest.approx([1000 * USED[name]], rel=0.005)


@pytest.mark.parametrize("name", COSTS)
def test_what_a_thousand_users_cost_is_use_times_price(name: str) -> None:
    assert numbers(row(name)[-1]) == pytest.approx([1000 * COSTS[name]], abs=0.0001)


def test_a_crawl_costs_no_more_than_the_pages_of_its_budget() -> None:
    assert BUDGETS["page of 1,000 by `cursor`"].read_units >= PAGE_OF_USERS * UNITS_TO_CRAWL_A_USER


def fixed_costs() -> dict[str, float]:
    """The cost of a stack without users."""
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    read = [sum("MetricStat" in one for one in alarm.get("Metrics", ())) or 1 for alarm in alarms]
    # EventsUndelivered exists only with a KMS key of one's own, which takes the place of the topic's.
    own_key_only = 1
    return {
        "alarms": ALARM_METRIC * (sum(read) - own_key_only)
        + COMPOSITE_ALARM * len(of_type("AWS::CloudWatch::CompositeAlarm")),
        "dashboard": DASHBOARD,
        "custom metrics": CUSTOM_METRIC * len(emitted()),
        "key": KEY,
    }


def test_a_stack_without_users_costs_what_its_alarms_metrics_dashboard_and_key_cost() -> None:
    costs = fixed_costs()
    (paragraph,) = [line for line in PAGE.splitlines() if "custom metrics" in line and "whatever the number" in line]

    shown = numbers(paragraph)
    assert len(emitted()) in shown
    assert round(costs["alarms"], 2) in shown
    assert round(costs["custom metrics"], 2) in shown
    assert round(sum(costs.values())) in shown
    assert f"a month costs ${round(sum(costs.values()))} + " in PAGE


def test_a_thousand_users_cost_at_most_four_and_a_half_cents() -> None:
    assert sum(SENT.values()) == pytest.approx(REQUESTS)
    assert 1000 * LEAST <= 0.045


@pytest.mark.parametrize(
    ("name", "kilobytes"),
    [("logs, kept for 90 days", [LOG_LINE_KB, ACCESS_LINE_KB]), (PUBLISHER, [EVENT_LOG_KB]), (WATCH, [LOG_LINE_KB])],
)
def test_the_page_has_the_measured_lengths_of_log_lines(name: str, kilobytes: list[float]) -> None:
    [formula, _] = row(name)

    shown = [float(one) for found in re.findall(r"([\d.]+(?: \+ [\d.]+)?)\)? KB", formula) for one in found.split("+")]
    assert shown == [pytest.approx(one, abs=0.01) for one in kilobytes]


def test_a_month_costs_what_the_parts_add_up_to() -> None:
    assert numbers(row("for 1,000 users")[-1]) == pytest.approx([1000 * LEAST], abs=0.0005)

    sizes = (10_000, 1_000_000, 10_000_000)
    for accounts, (size, column) in product((1, 100, 10_000), zip(sizes, range(3), strict=True)):
        shown = numbers(row(f"{accounts:,} account{'s' if accounts > 1 else ''}")[column])
        requests = REQUESTS * size / MILLION
        traces = min(requests, TRACED_AT_MOST) + 0.05 * max(0.0, requests - TRACED_AT_MOST)
        rest = sum(fixed_costs().values()) + SECRET * (accounts + 1) + TRACES * traces

        assert shown[0] == pytest.approx(rest + LEAST * size, rel=0.03), (accounts, size)
        assert shown[-1] == pytest.approx(rest + MOST * size, rel=0.03), (accounts, size)


MOST_ACCOUNTS, UNITS_OF_A_PUT, UNITS_OF_A_PARTITION = 10_000, 2, 1_000
"""The accounts of the page's last row; a small item costs two units in a transaction; DynamoDB's quota in a second."""


def test_the_hourly_check_has_the_time_to_remember_every_account_of_the_page() -> None:
    seconds = MOST_ACCOUNTS * UNITS_OF_A_PUT / UNITS_OF_A_PARTITION
    longest = watch.SECONDS_TO_READ + 2 * last_requests.SECONDS + watch.SECONDS_TO_WRITE

    assert 1.5 * seconds <= watch.SECONDS_TO_WRITE
    assert RESOURCES["Watch"]["Properties"]["Timeout"] >= 1.5 * longest
    assert {MOST_ACCOUNTS, seconds, watch.SECONDS_TO_WRITE} <= set(numbers(" ".join(row("The hourly check"))))


REFUSAL_SECONDS, REQUEST_SECONDS = 0.005, 0.05
REQUESTS_OF_API_GATEWAY, BURST_OF_API_GATEWAY = 10_000, 5_000
EXECUTIONS_OF_LAMBDA, EXECUTIONS_OF_A_NEW_ACCOUNT, UNRESERVED = 1_000, 10, 100
RATE, BURST = (PARAMETERS[name]["Default"] for name in ("RequestsPerSecond", "BurstLimit"))
RESERVED = 20
"""The value of ReservedConcurrency in the page's examples."""
REFUSING = RATE * REFUSAL_SECONDS


def test_nothing_is_reserved_unless_the_operator_says_so() -> None:
    assert PARAMETERS["ReservedConcurrency"]["Default"] == 0


def test_refusals_leave_most_executions_to_customers() -> None:
    assert REFUSING <= EXECUTIONS_OF_LAMBDA / 100
    assert REFUSING <= RESERVED / 2


@pytest.mark.parametrize(
    ("name", "figures"),
    [
        (
            "executions that refusals take, when all that the stack takes is refused",
            [REFUSING, EXECUTIONS_OF_LAMBDA, (EXECUTIONS_OF_LAMBDA - REFUSING) / REQUEST_SECONDS],
        ),
        ("the same in a new AWS account", [REFUSING, EXECUTIONS_OF_A_NEW_ACCOUNT]),
        (
            f"the same with `ReservedConcurrency={RESERVED}`, when all goes to one function",
            [REFUSING, RESERVED, (RESERVED - REFUSING) / REQUEST_SECONDS],
        ),
        (
            f"executions that `ReservedConcurrency={RESERVED}` takes from the AWS account",
            [reserved_executions(RESERVED), UNRESERVED, reserved_executions(RESERVED) + UNRESERVED],
        ),
        ("accounts that can use their whole rate at the same moment", [RATE / DEFAULT_REQUESTS_PER_SECOND]),
        (
            "part of API Gateway's default rate for the AWS account and region",
            [100 * RATE / REQUESTS_OF_API_GATEWAY],
        ),
        ("part of its burst", [100 * BURST / BURST_OF_API_GATEWAY]),
        (
            "reads of Secrets Manager that one address can cause with invented accounts",
            [AT_ONCE, 1 / SECONDS_EACH, 200 / SECONDS_EACH],
        ),
        (
            "an hour of a flood that fills the throttle",
            [
                round(
                    3600
                    * RATE
                    / MILLION
                    * (PRICES["UsdPerMillionApiRequests"] + PRICES["UsdPerMillionInvocations"] + LOGS_GB)
                ),
            ],
        ),
        ("An account", [DEFAULT_REQUESTS_PER_SECOND, MIN_REQUESTS_PER_SECOND]),
        ("The stack itself", [RATE, BURST, PARAMETERS["ReservedConcurrency"]["Default"]]),
    ],
)
def test_what_one_customer_can_take_from_others_follows_from_limits_and_defaults(
    name: str, figures: list[float]
) -> None:
    shown = numbers(" ".join(row(name)))

    assert [figure for figure in figures if figure not in shown] == []
