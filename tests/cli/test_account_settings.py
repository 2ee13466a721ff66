"""`rollcall account set` and `resume`: what an operator decides for an account."""

from __future__ import annotations

import re

import pytest

from adapters.clock import MonotonicDeadline
from adapters.dynamodb import Table
from domain.accounts.deprovisioning import MAX_PASSES, DeprovisioningPaused, Limit
from domain.accounts.rate import Rate
from domain.ports import UserStore
from domain.resources.stored_user import StoredUser
from support.rollcall_command import Aws, Rollcall, answer, kept
from support.samples import Users


def test_settings_are_changed_one_by_one(rollcall: Rollcall, aws: Aws) -> None:
    rollcall("account", "enable", "acme")

    assert answer(rollcall("account", "set", "acme", "mode", "strict", "--json"))["result"] == "set"
    assert rollcall("account", "set", "acme", "match-existing-by-email", "on").exit_code == 0
    before = kept(aws)
    again = rollcall("account", "set", "acme", "mode", "strict")
    assert again.stdout == "mode of acme is already strict; nothing was changed.\n"
    assert kept(aws) == before

    assert (kept(aws).settings.mode, kept(aws).settings.match_existing_by_email) == ("strict", True)


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    ("value", "matches", "keeps"), [("on", True, False), ("keep-privileges", True, True), ("off", False, False)]
)
def test_the_matching_setting_decides_what_an_adopted_user_keeps(
    *, rollcall: Rollcall, aws: Aws, value: str, matches: bool, keeps: bool
) -> None:
    rollcall("account", "set", "acme", "match-existing-by-email", "keep-privileges" if value == "off" else "off")

    rollcall("account", "set", "acme", "match-existing-by-email", value)

    settings = kept(aws).settings
    assert (settings.match_existing_by_email, settings.adopted_keep_privileges) == (matches, keeps)
    assert f"Match existing by e-mail  {value}" in rollcall("account", "show", "acme").stdout


@pytest.mark.usefixtures("acme")
def test_taking_back_is_switched_off(rollcall: Rollcall, aws: Aws) -> None:
    assert kept(aws).settings.take_back_deactivated

    rollcall("account", "set", "acme", "take-back-deactivated", "off")

    assert not kept(aws).settings.take_back_deactivated


@pytest.mark.usefixtures("acme")
def test_groups_are_switched_on_with_what_to_do_next_in_the_identity_provider(rollcall: Rollcall, aws: Aws) -> None:
    before = rollcall("account", "show", "acme", "--idp", "all").stdout

    switched = rollcall("account", "set", "acme", "groups", "on")

    assert kept(aws).settings.groups
    lines = switched.stdout.splitlines()
    assert lines[0] == "groups of acme is now on; it takes effect within a minute."
    assert {line.partition(":")[0] for line in lines[2:]} == {"JumpCloud", "Microsoft Entra ID", "Okta"}
    after = rollcall("account", "show", "acme", "--idp", "all").stdout
    assert [re.search(r"Groups +(on|off) *\n", shown)[1] for shown in (before, after)] == ["off", "on"]  # type: ignore[index]
    for step in ('Membership in this application" on.', 'Groups" to Yes.', ", Push Groups"):
        assert step not in before
        assert step in after
    assert answer(rollcall("account", "show", "acme", "--json"))["settings"]["groups"] is True
    (listed,) = answer(rollcall("account", "list", "--json"))
    assert listed["settings"]["groups"] is True


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(("typed", "options", "left"), [("n\n", (), True), ("y\n", (), False), ("", ("--yes",), False)])
def test_groups_are_switched_off_after_a_question(
    *, rollcall: Rollcall, aws: Aws, typed: str, options: tuple[str, ...], left: bool
) -> None:
    rollcall("account", "set", "acme", "groups", "on")

    result = rollcall("account", "set", "acme", "groups", "off", *options, typed=typed)

    assert kept(aws).settings.groups is left
    assert ("are kept, but /Groups returns 404" in result.stderr) is (not options)
    assert result.exit_code == (1 if left else 0)


@pytest.mark.usefixtures("acme")
def test_groups_that_are_off_already_are_switched_off_without_a_question(rollcall: Rollcall) -> None:
    assert answer(rollcall("account", "set", "acme", "groups", "off", "--json"))["result"] == "unchanged"


def test_a_setting_without_an_account_changes_none(rollcall: Rollcall, aws: Aws) -> None:
    for account in ("default", "mode"):
        rollcall("account", "enable", account)

    assert rollcall("account", "set", "match-existing-by-email", "on").exit_code == 2
    assert answer(rollcall("account", "set", "mode", "mode", "strict", "--json"))["account"] == "mode"

    assert not kept(aws, "default").settings.match_existing_by_email
    assert (kept(aws, "default").settings.mode, kept(aws, "mode").settings.mode) == ("tolerant", "strict")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["acme"], "NAME SETTING VALUE"),
        (["acme", "mode"], "NAME SETTING VALUE"),
        (["acme", "acme", "mode"], "'acme' is not a setting"),
        (["acme", "colour", "red"], "mode, match-existing-by-email"),
        (["a*", "mode", "strict"], "1 to 40 characters"),
        (["acme", "mode", "strict", "now"], "NAME SETTING VALUE"),
    ],
)
def test_an_unknown_setting_is_reported_in_one_line(rollcall: Rollcall, words: list[str], message: str) -> None:
    result = rollcall("account", "set", *words)

    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(("setting", "value"), [("mode", "on"), ("match-existing-by-email", "strict"), ("mode", "")])
def test_a_setting_takes_only_its_own_values(rollcall: Rollcall, aws: Aws, setting: str, value: str) -> None:
    rollcall("account", "enable", "acme")

    before = kept(aws)

    result = rollcall("account", "set", "acme", setting, value)

    assert result.exit_code == 2
    assert f"{setting} is " in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert kept(aws) == before


def exhausted(table: Table, account: str, limit: Limit) -> None:
    for _ in range(limit.users):
        table.account(account, MonotonicDeadline.after(9)).guard(limit).take()


@pytest.mark.parametrize(
    ("text", "kept_as"), [("20", Limit(20)), ("30,5%", Limit(30, 5)), ("30 or 5 %", Limit(30, 5)), ("off", None)]
)
def test_the_deprovisioning_limit_is_set(rollcall: Rollcall, aws: Aws, text: str, kept_as: Limit | None) -> None:
    rollcall("account", "enable", "acme")

    assert answer(rollcall("account", "set", "acme", "deprovisioning-limit", text, "--json"))["result"] == "set"

    assert kept(aws).settings.deprovisioning_limit == kept_as


@pytest.mark.parametrize("text", ["many", "-1", "20,101%", "10%", ""])
def test_a_malformed_limit_is_rejected(rollcall: Rollcall, aws: Aws, text: str) -> None:
    rollcall("account", "enable", "acme")

    result = rollcall("account", "set", "acme", "deprovisioning-limit", text)

    assert result.exit_code == 2
    assert "20,10%" in result.stderr
    assert kept(aws).settings.deprovisioning_limit == Limit(20, 10)


def test_a_paused_account_is_shown_as_paused_and_can_be_resumed(rollcall: Rollcall, table: Table) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "set", "acme", "deprovisioning-limit", "2")
    exhausted(table, "acme", Limit(2))
    shown = rollcall("account", "show", "acme")
    assert "2 in the last day, used up: the next one is refused (PAUSED)" in shown.stdout
    assert "account resume acme" in shown.stdout

    refused = rollcall("account", "resume", "acme", typed="n\n")
    assert refused.exit_code == 1
    assert answer(rollcall("account", "show", "acme", "--json"))["deprovisioning"]["paused"]

    assert answer(rollcall("account", "resume", "acme", "--yes", "--json")) == {
        "result": "resumed",
        "account": "acme",
        "lastDay": 2,
        "lostAccess": {"lost": [], "refused": []},
    }
    assert answer(rollcall("account", "show", "acme", "--json"))["deprovisioning"] == {
        "lastDay": 0,
        "allowed": 2,
        "paused": False,
        "pausedUntil": None,
        "letThrough": [],
    }


@pytest.mark.usefixtures("acme")
def test_an_account_whose_limit_is_zero_cannot_be_resumed(rollcall: Rollcall) -> None:
    rollcall("account", "set", "acme", "deprovisioning-limit", "0")

    refused = rollcall("account", "resume", "acme", "--yes")

    assert (refused.exit_code, refused.stdout) == (2, "")
    assert "account set acme deprovisioning-limit 20,10%" in refused.stderr


@pytest.fixture
def ada(store: UserStore) -> StoredUser:
    user = Users()("ada", "ada@example.com")
    store.create(user)
    return user


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("option", ["--id", "--user-name", "--email"])
def test_one_user_is_let_through_a_pause_and_shown(
    rollcall: Rollcall, table: Table, ada: StoredUser, option: str
) -> None:
    rollcall("account", "set", "acme", "deprovisioning-limit", "2")
    exhausted(table, "acme", Limit(2))
    guard = table.account("acme", MonotonicDeadline.after(9)).guard(Limit(2))
    with pytest.raises(DeprovisioningPaused):
        guard.take("somebody")
    value = {"--id": ada.id, "--user-name": "ADA", "--email": "ada@example.com"}[option]

    passing = answer(rollcall("account", "let-through", "acme", option, value, "--json"))

    assert (passing["result"], passing["userId"]) == ("let-through", ada.id)
    shown = answer(rollcall("account", "show", "acme", "--json"))["deprovisioning"]
    assert (shown["paused"], shown["pausedUntil"] is not None) == (True, True)
    (passed,) = shown["letThrough"]
    assert (passed["userId"], passed["until"]) == (ada.id, passing["until"])
    assert passed["by"]
    text = rollcall("account", "show", "acme").stdout
    assert "PAUSED until " in text
    assert f"{ada.id} may pass until " in " ".join(text.split())
    assert guard.take(ada.id).let_through is not None


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize("arguments", [(), ("--id", "one", "--email", "two@example.com")])
def test_let_through_requires_exactly_one_way_to_name_the_user(rollcall: Rollcall, arguments: tuple[str, ...]) -> None:
    result = rollcall("account", "let-through", "acme", *arguments)

    assert result.exit_code == 2
    assert "exactly one of" in result.stderr


@pytest.mark.usefixtures("acme")
def test_only_a_user_who_is_there_is_let_through(rollcall: Rollcall) -> None:
    result = rollcall("account", "let-through", "acme", "--email", "stranger@example.com")

    assert result.exit_code == 1
    assert 'has no user with --email "stranger@example.com"' in result.stderr


@pytest.mark.usefixtures("acme")
def test_no_more_users_are_let_through_than_the_guard_keeps(rollcall: Rollcall, table: Table, ada: StoredUser) -> None:
    guard = table.account("acme", MonotonicDeadline.after(9)).guard(Limit(20, 10))
    for number in range(MAX_PASSES):
        guard.let_through(f"user-{number}", "operator")

    result = rollcall("account", "let-through", "acme", "--id", ada.id)

    assert result.exit_code == 2
    assert "account resume acme" in result.stderr


def test_resuming_an_account_that_is_not_paused_changes_nothing(rollcall: Rollcall, table: Table) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "set", "acme", "deprovisioning-limit", "2")
    exhausted(table, "acme", Limit(1))

    assert answer(rollcall("account", "resume", "acme", "--json"))["result"] == "unchanged"

    assert answer(rollcall("account", "show", "acme", "--json"))["deprovisioning"]["lastDay"] == 1


def test_an_account_without_a_limit_cannot_be_resumed(rollcall: Rollcall, table: Table) -> None:
    rollcall("account", "enable", "acme")
    rollcall("account", "set", "acme", "deprovisioning-limit", "off")

    result = rollcall("account", "resume", "acme")

    assert result.exit_code == 2
    assert "no deprovisioning limit" in result.stderr


@pytest.mark.parametrize("number", [25, 100, 1000])
def test_the_rate_is_set_and_shown(rollcall: Rollcall, aws: Aws, number: int) -> None:
    rollcall("account", "enable", "acme")

    assert answer(rollcall("account", "set", "acme", "requests-per-second", str(number), "--json"))["result"] == "set"

    assert kept(aws).settings.rate == Rate(number)
    assert answer(rollcall("account", "show", "acme", "--json"))["settings"]["requestsPerSecond"] == number
    assert re.search(rf"Requests a second\s+{number}\b", rollcall("account", "show", "acme").stdout)
    listed = {one["account"]: one for one in answer(rollcall("account", "list", "--json"))}
    assert listed["acme"]["settings"]["requestsPerSecond"] == number


@pytest.mark.parametrize("text", ["24", "0", "-50", "1001", "50.5", "many", "off", "", "9" * 40, "\u0665\u0660"])
def test_an_impossible_rate_is_refused_with_the_bounds(rollcall: Rollcall, aws: Aws, text: str) -> None:
    rollcall("account", "enable", "acme")

    result = rollcall("account", "set", "acme", "requests-per-second", text)

    assert result.exit_code == 2
    assert "from 25" in result.stderr
    assert "to 1000" in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert kept(aws).settings.rate == Rate(50)
