"""Client values within details: cut, harmless to read, and harmless to paste into a shell."""

from __future__ import annotations

import json
import os
import re
from unittest.mock import Mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.invocation import Invocation
from domain.errors import InvalidValue, UniquenessConflict
from domain.limits import MAX_QUOTED
from domain.queries.cursor import CursorSeal
from domain.quoting import quoted, visible
from handlers.jobs.checks import CheckFailed
from handlers.jobs.smoke_test import SmokeTest
from records import marked
from support.child_processes import run
from support.in_process import in_process
from support.people import patch

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
HOSTILE = (
    "$(id>/tmp/pwned)@x.y",
    "`id`@x.y",
    "a'b\"c@x.y",
    "a';id;'@x.y",
    "!!@x.y",
    "-rf@x.y",
    "--help",
    "~root@x.y",
    "a\\'b@x.y",
    "* ? [a] {b,c} & | < > # $HOME",
)
UNPASTEABLE = ("a\nb@x.y", "a\x1b[31m@x.y", "a\u202eb@x.y", "a\x00b", "\ud800", "x" * (MAX_QUOTED + 1))

# A value that holds the end of the sentence itself would only end the test's look at the command.
SENTENCE = ". With the same options"
values = st.one_of(
    st.sampled_from(HOSTILE + UNPASTEABLE),
    st.text(alphabet=st.sampled_from("ab@.$`'\"\\!-~ \n(){}[]*&|;<>#=%\x1b\u202e"), min_size=1, max_size=20),
    st.text(min_size=1, max_size=200),
).filter(lambda value: SENTENCE not in value)


STAND_IN = "rollcall() { printf '%s\\0' $# \"$@\"; }"


def arguments(*commands: str) -> list[list[str]]:
    """Arguments that `rollcall` gets when bash runs the commands; bash may print nothing else."""
    script = "\n".join([STAND_IN, *commands])
    ran = run(["bash", "--norc", "--noprofile", "-c", script], env={"PATH": os.defpath}, encoding="utf-8")
    assert (ran.returncode, ran.stderr) == (0, "")
    words = iter(ran.stdout.split("\0"))
    given = [[next(words) for _ in range(int(count))] for count in iter(lambda: next(words), "")]
    assert list(words) == []
    return given


OPTIONS = {
    "emails.value": ("users", "--email", "ADDRESS"),
    "userName": ("users", "--user-name", "NAME"),
    "displayName": ("groups", "--name", "NAME"),
}
"""What the suggested command has for an attribute whose value is taken."""


def suggested(detail: str) -> str:
    """The command in the detail of a conflict, up to the end of its sentence."""
    [command] = re.findall(
        r"look at that (?:user|group): (rollcall .*?)\.(?: With the same options|\Z)", detail, re.DOTALL
    )
    return str(command)


@settings(max_examples=25)
@given(conflicts=st.lists(st.tuples(st.sampled_from(list(OPTIONS)), values), min_size=1, max_size=40))
def test_the_command_that_a_conflict_suggests_gives_a_shell_the_value_or_leaves_it_out(
    conflicts: list[tuple[str, str]],
) -> None:
    commands = [suggested(UniquenessConflict(attribute, value, "acme").detail) for attribute, value in conflicts]

    expected = []
    for attribute, value in conflicts:
        noun, option, instead = OPTIONS[attribute]
        pasted = value if value.isprintable() and len(value) <= MAX_QUOTED else instead
        expected.append([noun, "show", "--account", "acme", f"{option}={pasted}"])
    assert arguments(*commands) == expected


@pytest.mark.parametrize("value", HOSTILE)
def test_the_command_of_a_conflict_over_http_is_harmless_in_a_shell(value: str) -> None:
    with in_process() as service:
        client = service.account("acme")
        user = {"schemas": [USER], "userName": value}
        assert client.call("POST", "/Users", user).status == 201

        refused = client.call("POST", "/Users", user)

    assert refused.status == 409
    assert arguments(suggested(refused.body["detail"]))[0][-1] == f"--user-name={value}"


@pytest.mark.parametrize("value", HOSTILE)
def test_the_command_that_doctor_suggests_for_a_taken_address_is_harmless_in_a_shell(value: str) -> None:
    taken = Mock(expect=Mock(return_value={"totalResults": 1, "Resources": [{}], "schemas": [LIST]}))

    with pytest.raises(CheckFailed) as failed:
        SmokeTest(taken, value).find_none()

    [command] = re.findall(r"(rollcall .*)\.$", failed.value.fix or "")
    assert arguments(command)[0][-1] == f"--user-name={value}"


@pytest.mark.parametrize("value", HOSTILE)
def test_the_command_that_doctor_suggests_for_a_user_who_stays_is_harmless_in_a_shell(value: str) -> None:
    """The id comes from the endpoint that is checked, which may be anyone's."""
    unavailable = Mock(expect=Mock(side_effect=CheckFailed("503 instead of 204", "", 503)))

    with pytest.raises(CheckFailed) as failed:
        SmokeTest(unavailable, "ada@example.com", user_id=value).remove()

    [command] = re.findall(r"(rollcall account .*)\.$", failed.value.fix)
    assert arguments(command)[0] == ["account", "let-through", "NAME", f"--id={value}"]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_command_names_the_deployment_in_words_of_a_shell(value: str) -> None:
    invocation = Invocation(stack_name=value, profile=value, table=value)

    [given] = arguments(invocation.with_options("rollcall account list"))

    assert given == ["--stack", value, "--profile", value, "--table", value, "account", "list"]


@pytest.mark.parametrize("value", UNPASTEABLE)
def test_a_detail_contains_printable_characters_only(value: str) -> None:
    for error in (
        UniquenessConflict("userName", value),
        InvalidValue(f"The value is {value}.", attribute="title", expected="text"),
    ):
        assert error.detail.isprintable()
        assert error.body()["detail"] == str(error) == error.detail


def test_unprintable_characters_are_shown_as_escapes() -> None:
    assert visible("Zoë Ünal 李") == "Zoë Ünal 李"
    assert quoted('a"b\u202ec\n') == '"a\\"b\\u202ec\\n"'


LONG = "q" * 300
HARMFUL = f'{"q" * 60}\u202e\x1b[31m\r\n\u2028$(id)"'


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
@pytest.mark.parametrize("mark", [LONG, HARMFUL], ids=["long", "harmful"])
def test_no_detail_repeats_more_of_a_value_than_its_start_nor_what_does_not_print(
    mark: str, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked, "MARK", mark)
    monkeypatch.setattr(marked, "NAME", mark)
    details: list[str] = []
    with in_process() as service:
        client = service.account("acme", mode=mode)
        address = {"value": "ada@example.com", "type": "work"}
        user = client.call("POST", "/Users", {"schemas": [USER], "userName": "ada", "emails": [address]}).body["id"]
        seal = CursorSeal(service.accounts.show("acme").sealing_key, "acme", lambda: 0.0)
        no_target = patch({"op": "replace", "path": f'emails[type eq "{mark}"].display', "value": "x"})
        for attempt in (marked.Attempt("PATCH", f"/Users/{user}", no_target), *marked.attempts(user, seal)):
            answer = client.call(attempt.method, attempt.path, attempt.body, query=attempt.query)
            details += map(json.loads, re.findall(r'"detail":\s*("(?:[^"\\]|\\.)*")', answer.text))

    assert sum("qqq" in detail for detail in details) >= 50
    assert [detail for detail in details if "q" * (MAX_QUOTED + 1) in detail or not detail.isprintable()] == []
    assert [detail for detail in details if LONG[:61] in detail and "..." not in detail] == []
