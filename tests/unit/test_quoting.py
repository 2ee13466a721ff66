"""What a client sent, within details: cut, harmless to read, and harmless to paste into a shell."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from child_processes import PIPE, Child, started
from cli.activation import Activation
from cli.checks import Endpoint, Failed
from cli.invocation import Invocation
from domain.errors import InvalidValue, UniquenessConflict
from domain.limits import MAX_QUOTED
from domain.quoting import quoted, visible
from in_process import Client, in_process

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
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
SENTENCE = ". The operator can rename"
values = st.one_of(
    st.sampled_from(HOSTILE + UNPASTEABLE),
    st.text(alphabet=st.sampled_from("ab@.$`'\"\\!-~ \n(){}[]*&|;<>#=%\x1b\u202e"), min_size=1, max_size=20),
    st.text(min_size=1, max_size=200),
).filter(lambda value: SENTENCE not in value)


class Shell:
    """One bash in which `rollcall` prints its arguments, each ended by NUL."""

    def __init__(self, bash: Child[bytes]) -> None:
        self._bash = bash
        self._send("rollcall() { printf '%s\\0' \"$@\"; }\n")

    def _send(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(text.encode())
        self._bash.stdin.flush()

    def arguments(self, command: str) -> list[str]:
        """What `rollcall` is given when the command is run; nothing else may be printed."""
        assert self._bash.stdout is not None
        self._send(f"{command}\nprintf 'end of command\\0'\n")
        given: list[str] = []
        word = b""
        while True:
            one = self._bash.stdout.read(1)
            assert one, "the shell has ended"
            if one != b"\0":
                word += one
                continue
            if word == b"end of command":
                return given
            given.append(word.decode())
            word = b""


@pytest.fixture(scope="module")
def shell() -> Iterator[Shell]:
    command = ["bash", "--norc", "--noprofile"]
    with started(command, stdin=PIPE, stdout=PIPE, env={"PATH": os.defpath}) as bash:
        yield Shell(bash)


def suggested(detail: str) -> str:
    """The command in the detail of a conflict, up to the end of its sentence."""
    [command] = re.findall(r"look at that user: (rollcall .*?)\. The operator can rename", detail, re.DOTALL)
    return str(command)


@settings(deadline=None)
@given(value=values, is_address=st.booleans())
def test_the_command_that_a_conflict_suggests_gives_a_shell_the_value_or_leaves_it_out(
    shell: Shell, value: str, is_address: bool
) -> None:
    attribute, option, instead = (
        ("emails.value", "--email", "ADDRESS") if is_address else ("userName", "--user-name", "NAME")
    )

    given = shell.arguments(suggested(UniquenessConflict(attribute, value, "acme").detail))

    pasted = value if value.isprintable() and len(value) <= MAX_QUOTED else instead
    assert given == ["users", "show", "--account", "acme", f"{option}={pasted}"]


@pytest.mark.parametrize("value", HOSTILE)
def test_the_command_of_a_conflict_over_http_is_harmless_in_a_shell(shell: Shell, value: str) -> None:
    with in_process() as service:
        client = service.account("acme")
        user = {"schemas": [USER], "userName": value}
        assert client.call("POST", "/Users", user).status == 201

        refused = client.call("POST", "/Users", user)

    assert refused.status == 409
    assert shell.arguments(suggested(refused.body["detail"]))[-1] == f"--user-name={value}"


@pytest.mark.parametrize("value", HOSTILE)
def test_the_command_that_doctor_suggests_for_a_taken_address_is_harmless_in_a_shell(
    shell: Shell, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Endpoint, "expect", lambda *_: {"totalResults": 1, "Resources": [{}], "schemas": [LIST]})
    endpoint = Endpoint.__new__(Endpoint)

    with pytest.raises(Failed) as failed:
        Activation(endpoint, value).look_up_nobody()

    [command] = re.findall(r"(rollcall .*)\.$", failed.value.fix or "")
    assert shell.arguments(command)[-1] == f"--user-name={value}"


@pytest.mark.parametrize("value", HOSTILE)
def test_a_command_names_the_deployment_in_words_of_a_shell(shell: Shell, value: str) -> None:
    here = Invocation(stack_name=value, profile=value, table=value)

    given = shell.arguments(here.to_be_typed("rollcall account list"))

    assert given == ["--stack", value, "--profile", value, "--table", value, "account", "list"]


@pytest.mark.parametrize("value", UNPASTEABLE)
def test_a_detail_shows_nothing_that_a_terminal_or_the_eye_obeys(value: str) -> None:
    for error in (UniquenessConflict("userName", value), InvalidValue(f"The value is {value}.")):
        assert error.detail.isprintable()
        assert error.body()["detail"] == str(error) == error.detail


def test_what_does_not_print_is_shown_by_its_code() -> None:
    assert visible("Zoë Ünal 李") == "Zoë Ünal 李"
    assert quoted('a"b\u202ec\n') == '"a\\"b\\u202ec\\n"'


LONG = "q" * 1000


def _patched(**operation: Any) -> dict[str, Any]:
    return {"schemas": [PATCH], "Operations": [operation]}


def _every_refusal(client: Client, mark: str) -> Iterator[str]:
    """The details of requests that have the mark in every place that a detail may repeat."""
    user = client.call(
        "POST", "/Users", {"schemas": [USER], "userName": f"{mark}1", "emails": [{"value": f"{mark}@x.y"}]}
    )
    place = "/Users/" + user.body["id"]
    twice = b'{"schemas": ["%s"], "userName": "a", "X%s": 1, "x%s": 2}' % (USER.encode(), mark.encode(), mark.encode())
    bulk = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"]}
    reference = {"method": "POST", "path": "/Users", "bulkId": "a", "data": {"schemas": [USER], "userName": "b"}}
    reference["data"]["urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"] = {
        "manager": {"value": f"bulkId:{mark}"}
    }  # type: ignore[index]
    for answer in (
        client.call("POST", "/Users", {"schemas": [USER], "userName": f"{mark}1"}),
        client.call("POST", "/Users", {"schemas": [USER], "userName": "n", "emails": [{"value": f"{mark}@x.y"}]}),
        client.call("POST", "/Users", {"schemas": [USER, mark], "userName": "n"}),
        client.call("POST", "/Users", {"schemas": [USER], "userName": "n", mark: 1, "name": {mark: 1}}),
        client.call("POST", "/Users", twice),
        client.call("PUT", place, {"schemas": [USER], "userName": "n", "name": {mark: {mark: 1}}}),
        client.call("PUT", place, {"schemas": [USER], "userName": f"{mark}1"}, headers={"If-Match": mark}),
        client.call("PATCH", place, _patched(op=mark, path="active", value=True)),
        client.call("PATCH", place, _patched(op="replace", path=mark, value=True)),
        client.call("PATCH", place, _patched(op="replace", path="name", value={mark: 1})),
        client.call("PATCH", place, _patched(op="replace", path=f'emails[type eq "{mark}"].value', value={})),
        client.call("GET", f"/Users/{mark}"),
        client.call("GET", f"/Schemas/{mark}"),
        client.call("GET", f"/ResourceTypes/{mark}"),
        client.call("GET", f"/{mark}"),
        client.call("GET", "/Users", query=f"filter={mark}%20eq%20%22a%22"),
        client.call("GET", "/Users", query=f"filter=userName%20{mark}%20%22a%22"),
        client.call("GET", "/Users", query=f"filter=userName%20eq%20%22{mark}"),
        client.call("GET", "/Users", query=f"filter=active%20eq%20%22{mark}%22"),
        client.call("GET", "/Users", query=f"sortBy={mark}"),
        client.call("GET", "/Users", query=f"startIndex={mark}"),
        client.call("GET", "/Users", query=f"cursor={mark}"),
        client.call("GET", "/Users", query=f"attributes=userName&excludedAttributes={mark}"),
        client.call("POST", "/Bulk", bulk | {"Operations": [reference | {"path": f"/{mark}"}]}),
        client.call("POST", "/Bulk", bulk | {"Operations": [reference | {"method": mark}]}),
        client.call("POST", "/Bulk", bulk | {"Operations": [reference | {"bulkId": mark}] * 2}),
        client.call("POST", "/Bulk", bulk | {"Operations": [reference]}),
    ):  # fmt: skip
        yield from re.findall(r'"detail":\s*("(?:[^"\\]|\\.)*")', answer.text)


@pytest.mark.parametrize("mode", ["tolerant", "strict"])
def test_no_detail_repeats_more_of_a_value_than_its_start(mode: str) -> None:
    with in_process() as service:
        details = [json.loads(one) for one in _every_refusal(service.account("acme", mode=mode), LONG)]

    assert sum("qqq" in detail for detail in details) >= 15
    assert [detail[:200] for detail in details if "q" * (MAX_QUOTED + 1) in detail] == []
    assert all("..." in detail for detail in details if "qqq" in detail)
