"""The requests that the local server keeps for its page, and the line that it prints of each."""

from __future__ import annotations

from local.exchanges import MOST, MOST_CHARACTERS, Exchange, Exchanges, Incoming, exchange_of
from local.heard_log import Listener, LogLine
from local.request_line import request_line

REFUSED: list[LogLine] = [("request", {"reason": "no-key", "remedy": "Send the key.", "account": "acme"})]


def exchange(
    number: int = 1, body: bytes = b"", path: str = "/scim/v2/Users", lines: list[LogLine] | None = None
) -> Exchange:
    headers = {"Authorization": "Bearer secret", "If-Match": 'W/"1"', "User-Agent": "test"}
    incoming = Incoming(f"id-{number}", "POST", path, "filter=a", headers, body, "127.0.0.1", "127.0.0.1")
    return exchange_of(incoming, 401, b"{}", 1.4, lines or [])


def test_the_newest_are_kept() -> None:
    exchanges = Exchanges()
    for number in range(MOST + 7):
        exchanges.add(exchange(number))

    position, kept = exchanges.after(0)

    assert position == MOST + 7
    assert [one.id for one in (kept[0], kept[-1])] == ["id-7", f"id-{MOST + 6}"]
    assert exchanges.find("id-6") is None


def test_large_bodies_are_cut_and_leave_room_for_few() -> None:
    exchanges = Exchanges()
    for number in range(MOST):
        exchanges.add(exchange(number, b"x" * 1_000_000))

    _, kept = exchanges.after(0)

    assert {(len(one.request.text), one.request.size, one.request.whole) for one in kept} == {
        (MOST_CHARACTERS, 1_000_000, False)
    }
    assert sum(len(one.request.text) for one in kept) < 8_100_000
    assert kept[-1].id == f"id-{MOST - 1}"


def test_positions_continue_after_all_were_cleared() -> None:
    exchanges = Exchanges()
    exchanges.add(exchange(1))
    exchanges.clear()
    exchanges.add(exchange(2))

    assert [one.id for one in exchanges.after(1)[1]] == ["id-2"]


def test_a_command_cannot_do_anything_else_in_a_shell() -> None:
    hostile = exchange(body=b'{"a": "\'; rm -rf / #\\u001b[31m"}', path="/$(reboot)'`id`")

    command = hostile.curl("http://127.0.0.1:1")

    assert command is not None
    assert """'http://127.0.0.1:1/$(reboot)'"'"'`id`?filter=a'""" in command
    assert """'{"a": "'"'"'; rm -rf / #\\u001b[31m"}'""" in command
    assert "\033" not in command
    assert "secret" not in command
    assert """-H 'If-Match: W/"1"'""" in command


def test_a_body_that_is_no_json_has_no_command() -> None:
    assert exchange(body=b"\x1b]0;title").curl("http://127.0.0.1:1") is None
    assert exchange(body=b"[" * 50_000).curl("http://127.0.0.1:1") is None


def test_the_requests_about_a_user_are_found_by_log_line_or_path() -> None:
    exchanges = Exchanges()
    exchanges.add(exchange(1, lines=[("request", {"user_id": "u1"})]))
    exchanges.add(exchange(2, path="/scim/v2/Users/u1"))
    exchanges.add(exchange(3, path="/scim/v2/Users/u2"))

    assert [one.id for one in exchanges.about("u1")] == ["id-1", "id-2"]


def test_the_line_says_why_and_below_it_what_to_do() -> None:
    assert request_line(exchange(lines=REFUSED)) == "POST /scim/v2/Users 401 no-key 1 ms\n  Send the key."
    assert request_line(exchange(lines=REFUSED), dim=True).endswith("\n\033[2m  Send the key.\033[0m")
    assert request_line(exchange()) == "POST /scim/v2/Users 401 1 ms"


def test_the_line_has_neither_a_query_nor_control_characters() -> None:
    line = request_line(exchange(path="/\x1b[2J\n" + "x" * 300))

    assert line.startswith("POST /?[2J?xxx")
    assert "filter" not in line
    assert len(line) < 230


def test_lines_are_heard_only_while_somebody_listens() -> None:
    listener = Listener()
    listener.hear("request", {"status": 1})
    with listener.listening() as lines:
        listener.hear("request", {"status": 2})
    listener.hear("request", {"status": 3})

    assert lines == [("request", {"status": 2})]
