"""Attacks on the set-up page: guessing, replay, other accounts, injection, other sites, and what a log gives away."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from adapters.logs.setup_activity import SetupActivity
from domain.accounts.setup_links import SetupToken
from domain.accounts.setup_progress import Requests
from domain.limits import MAX_SETUP_BODY_BYTES, MAX_SETUP_CHOICES, MAX_SETUP_LINKS
from handlers.setup.page import REFUSED_OF_AN_ADDRESS, REQUESTS_OF_A_LINK
from handlers.setup.progress import BYTES_A_SECOND, FAILED_SECONDS
from support.recorded_secrets_manager import PREFIX, START
from support.setup_requests import ORIGIN, SetupSite, setup_site

POSTS = ("view", "choose", "reveal")
BODY = b'{"idp": "okta"}'
HOSTILE = "<img src=x onerror=alert(1)>\"'</code><script>alert(2)</script>{{ 7 * 7 }}"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[SetupSite]:
    with setup_site(tmp_path) as site:
        yield site


@pytest.fixture
def token(site: SetupSite) -> str:
    return site.links.invite("acme")[0].text


def guess(account: str = "acme") -> str:
    """A well-formed token that no link has."""
    return SetupToken.generate(account, lambda count: bytes(range(count))).text


def key_of(site: SetupSite) -> str:
    return site.accounts.show("acme").current.key.text


def test_a_link_shows_its_page_chooses_and_reveals_once(site: SetupSite, token: str) -> None:
    assert site.ask("POST", "/setup/view", token).status == 200
    assert f"{ORIGIN}/live/scim/v2" in site.ask("POST", "/setup/choose", token, BODY).text
    shown = site.ask("POST", "/setup/reveal", token)

    assert shown.status == 200
    assert key_of(site) in shown.text
    assert site.links.of("acme")[0].idp == "okta"


def test_a_second_look_at_the_key_is_refused(site: SetupSite, token: str) -> None:
    site.ask("POST", "/setup/reveal", token)

    again = site.ask("POST", "/setup/reveal", token)

    assert again.status == 409
    assert key_of(site) not in again.text
    assert key_of(site) not in site.ask("POST", "/setup/view", token).text


@pytest.mark.parametrize("post", POSTS)
def test_every_token_that_opens_nothing_gets_one_and_the_same_answer(site: SetupSite, post: str) -> None:
    site.accounts.enable("no-links")
    revoked, link = site.links.invite("acme")
    site.links.revoke("acme", [link.id])
    expired, _ = site.links.invite("acme", timedelta(days=1))
    site.clock.seconds = 86_400
    good, _ = site.links.invite("acme")
    wrong = {
        "none": None,
        "empty": "",
        "a guess": guess(),
        "an account without links": guess("no-links"),
        "an unknown account": guess("nosuch"),
        "revoked": revoked.text,
        "expired": expired.text,
        "cut": good.text[:-1],
        "mistyped": good.text[:-1] + ("0" if good.text[-1] != "0" else "1"),
        "another account's name": good.text.replace("acme", "no-links"),
        "longer": good.text + "0",
        "two": f"{good.text} {good.text}",
        "bearer twice": f"Bearer {good.text}",
        "a Connector Key": key_of(site),
        "long": "rcs_acme_" + "a" * 8_000,
        "no ASCII": "rcs_\u00e4cme_" + "a" * 38,
        "a path": "rcs_../default_" + "a" * 38,
    }

    answers = {name: site.ask("POST", f"/setup/{post}", text, BODY) for name, text in wrong.items()}

    assert {answer.status for answer in answers.values()} == {401}
    assert len({answer.text for answer in answers.values()}) == 1
    assert len({json.dumps(answer.headers) for answer in answers.values()}) == 1
    assert {line.get("account") for line in site.lines("setup")} == {None}


@pytest.mark.parametrize("header", ["Basic {}", "Token {}", "{}", "Bearer{}", "bearer  {}"])
def test_a_token_is_taken_from_a_bearer_header_only(site: SetupSite, token: str, header: str) -> None:
    asked = site.ask("POST", "/setup/view", headers={"Authorization": header.format(token)})

    assert asked.status == 401


@pytest.mark.parametrize("where", [{"Cookie": "token={}"}, {"X-Token": "{}"}, {"Referer": "https://a.example/#{}"}])
def test_a_token_elsewhere_than_in_its_header_opens_nothing(site: SetupSite, token: str, where: dict[str, str]) -> None:
    assert site.ask("POST", "/setup/view", headers={n: v.format(token) for n, v in where.items()}).status == 401
    assert site.ask("GET", f"/setup/{token}").status == 404


def test_guessing_is_slowed_down_for_the_address_and_not_for_links_that_open(site: SetupSite, token: str) -> None:
    assert site.ask("POST", "/setup/view", token).status == 200
    for _ in range(REFUSED_OF_AN_ADDRESS):
        assert site.ask("POST", "/setup/view", guess()).status == 401

    refused = site.ask("POST", "/setup/view", guess())

    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) >= 1
    assert site.ask("POST", "/setup/view", guess(), address="198.51.100.1").status == 401
    assert site.ask("POST", "/setup/view", token).status == 200
    site.clock.seconds += 60
    assert site.ask("POST", "/setup/view", guess()).status == 401


def test_one_link_is_answered_so_many_times_a_minute(site: SetupSite, token: str) -> None:
    other = site.links.invite("acme")[0].text
    for _ in range(REQUESTS_OF_A_LINK):
        assert site.ask("POST", "/setup/view", token).status == 200

    assert site.ask("POST", "/setup/view", token).status == 429
    assert site.ask("POST", "/setup/view", other).status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ORIGIN + ".evil.example"},
        {"Origin": ORIGIN.replace("https", "http")},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
)
@pytest.mark.parametrize("post", POSTS)
def test_another_site_can_do_nothing_even_with_the_token(
    site: SetupSite, token: str, post: str, headers: dict[str, str]
) -> None:
    assert site.ask("POST", f"/setup/{post}", token, BODY, headers=headers).status == 403
    assert site.links.of("acme")[0].revealed_at is None


def test_the_pages_own_script_is_let_in(site: SetupSite, token: str) -> None:
    own = {"Origin": ORIGIN, "Sec-Fetch-Site": "same-origin"}

    assert site.ask("POST", "/setup/view", token, headers=own).status == 200


@pytest.mark.parametrize(
    "media_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x", "text/html"]
)
def test_a_form_cannot_be_sent_here(site: SetupSite, token: str, media_type: str) -> None:
    for body in (b"", b"idp=okta"):
        assert site.ask("POST", "/setup/reveal", token, body, headers={"Content-Type": media_type}).status == 415


def test_a_large_body_is_refused_before_it_is_read(site: SetupSite, token: str) -> None:
    body = b'{"idp": "' + b"x" * MAX_SETUP_BODY_BYTES + b'"}'

    assert site.ask("POST", "/setup/choose", token, body).status == 413
    assert site.ask("POST", "/setup/choose", token, b"\xff" * (MAX_SETUP_BODY_BYTES + 1)).status == 413


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"[]", b"null", b"{", b"\xff", b"[" * 1000, b'{"idp": null}', b'{"idp": ["okta"]}', b'{"idp": "ping"}',
     b'{"idp": "<script>"}', b'{"idp": {"a": 1}}', b'{"idp": 1e999}'],
)  # fmt: skip
def test_a_malformed_choice_is_refused_and_remembers_nothing(site: SetupSite, token: str, body: bytes) -> None:
    assert site.ask("POST", "/setup/choose", token, body).status == 400
    assert site.links.of("acme")[0].idp is None


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "GET", "OPTIONS"])
@pytest.mark.parametrize("post", POSTS)
def test_another_method_is_405(site: SetupSite, token: str, method: str, post: str) -> None:
    asked = site.ask(method, f"/setup/{post}", token, BODY)

    assert asked.status == 405
    assert asked.headers["Allow"] == "POST"


@pytest.mark.parametrize("path", ["/setup", "/setup/setup.css"])
def test_the_page_and_its_files_are_read_only(site: SetupSite, path: str) -> None:
    assert site.ask("GET", path).status == 200
    assert site.ask("POST", path).status == 405


@pytest.mark.parametrize(
    "name",
    ["../page.py", "..%2fpage.py", "..%252fpage.py", "%2e%2e/templates/page.html", "page.html", "view.html", ".", "..",
     "%00", "setup.css%00.html", "SETUP.CSS", "setup.css/", "/etc/passwd", "C:%5c", "assets/setup.css", "x" * 5_000],
)  # fmt: skip
def test_no_path_leads_to_another_file(site: SetupSite, name: str) -> None:
    asked = site.ask("GET", f"/setup/{name}")

    assert (asked.status, asked.text) == (404, site.ask("GET", "/setup/nosuch").text)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/setup"),
        ("GET", "/setup/setup.js"),
        ("GET", "/setup/nosuch"),
        ("POST", "/setup/nosuch"),
        ("POST", "/setup/view"),
        ("POST", "/setup/choose"),
        ("POST", "/setup/reveal"),
        ("PUT", "/setup/view"),
    ],
)
@pytest.mark.parametrize("opens", [True, False])
def test_every_answer_keeps_browsers_from_doing_harm(
    site: SetupSite, token: str, method: str, path: str, opens: bool
) -> None:
    answer = site.ask(method, path, token if opens else guess())
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    for directive in ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "script-src 'self'"):
        assert directive in policy
    assert {name: answer.headers[name] for name in PROTECTING} == PROTECTING
    assert answer.headers["Permissions-Policy"].startswith("clipboard-write=(self)")
    assert not {name.lower() for name in answer.headers} & {"set-cookie", "access-control-allow-origin"}


PROTECTING = {
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def test_the_page_is_the_same_for_all_and_asks_no_other_host(site: SetupSite, token: str) -> None:
    page = site.ask("GET", "/setup", token)

    assert page == site.ask("GET", "/setup")
    for text in (page.text, *(site.page.assets[name] for name in site.page.assets if not name.endswith(".svg"))):
        assert re.findall(r"(?:src|href|url|fetch|import)\W{1,3}https?:", text) == []
    assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\bstyle=|javascript:", page.text)


def test_values_of_a_secret_and_of_the_log_are_text_on_the_page(site: SetupSite, token: str) -> None:
    secret = json.loads(client_text(site))
    secret["setupLinks"][0] |= {"createdBy": HOSTILE, "idp": HOSTILE}
    secret["current"]["createdBy"] = HOSTILE
    site.client.delete_secret(SecretId=PREFIX + "acme", ForceDeleteWithoutRecovery=True)
    site.client.create_secret(Name=PREFIX + "acme", SecretString=json.dumps(secret))
    site.log.activity = SetupActivity((Requests(HOSTILE, 400, HOSTILE, True, START, START),))

    shown = site.ask("POST", "/setup/view", token)

    assert shown.status == 200
    assert "<script" not in shown.text
    assert "<img src=x" not in shown.text


def client_text(site: SetupSite) -> str:
    return site.client.get_secret_value(SecretId=PREFIX + "acme", VersionStage="AWSCURRENT")["SecretString"]


def test_a_host_header_cannot_put_anything_into_the_page(site: SetupSite, token: str) -> None:
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"}

    shown = site.ask("POST", "/setup/view", token, headers=headers)

    assert "evil.example" not in shown.text + json.dumps(shown.headers)


def test_no_line_of_the_log_has_a_token_or_a_key(site: SetupSite, token: str) -> None:
    for path in ("view", "choose", "reveal", "reveal", token, "nosuch"):
        site.ask("POST", f"/setup/{path}", token, BODY)
        site.ask("POST", f"/setup/{path}", guess(), BODY, headers={"User-Agent": token, "Referer": token})
    site.accounts.disable("acme")
    site.ask("POST", "/setup/reveal", site.links.invite("acme")[0].text)

    assert site.logged
    assert "rcs_" not in site.logged
    assert "rck_" not in site.logged
    allowed = {"level", "message", "timestamp", "request_id", "operation", "account", "status", "reason", "cause"}
    assert all(line.keys() <= allowed for line in site.lines("setup"))


def test_a_look_at_the_key_is_an_audit_line_and_nothing_else_is(site: SetupSite, token: str) -> None:
    [link] = site.links.of("acme")
    for path in ("view", "choose", "reveal", "reveal", "view"):
        site.ask("POST", f"/setup/{path}", token, BODY)
    site.ask("POST", "/setup/reveal", guess())

    [line] = site.lines("audit")

    assert (line["what"], line["account"], line["actor"]) == ("key-revealed", "acme", f"set-up link {link.id}")
    assert token not in json.dumps(line)
    assert line["request_id"] in {each["request_id"] for each in site.lines("setup")}


def test_a_failure_inside_shows_nothing_of_it(site: SetupSite, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError(f"secret text {token}")

    monkeypatch.setattr("adapters.secrets.setup_links.SetupLinks.open", fail)

    failed = site.ask("POST", "/setup/view", token)

    assert failed.status == 503
    assert "secret text" not in failed.text + site.logged
    assert "RuntimeError at" in site.lines("setup")[-1]["cause"]


def test_a_disabled_account_says_so_and_its_link_keeps_the_key(site: SetupSite, token: str) -> None:
    site.accounts.disable("acme")

    assert site.ask("POST", "/setup/view", token).status == 200
    refused = site.ask("POST", "/setup/reveal", token)

    assert refused.status == 409
    assert key_of(site) not in refused.text
    site.accounts.enable("acme")
    assert site.ask("POST", "/setup/reveal", token).status == 200


def test_a_deleted_account_is_answered_like_an_unknown_one(site: SetupSite, token: str) -> None:
    site.accounts.delete("acme")

    for post in POSTS:
        assert site.ask("POST", f"/setup/{post}", token, BODY).text == site.ask("POST", "/setup/view", guess()).text


def test_the_log_is_asked_only_for_a_link_that_opens_and_every_five_seconds_at_most(
    site: SetupSite, token: str
) -> None:
    site.ask("GET", "/setup")
    site.ask("POST", "/setup/view", guess())
    assert site.log.asked == 0

    for _ in range(3):
        site.ask("POST", "/setup/view", token)
    assert site.log.asked == 1
    site.clock.seconds = 5
    site.ask("POST", "/setup/view", token)
    assert site.log.asked == 2


def test_a_page_is_shown_while_log_and_table_do_not_answer(site: SetupSite, token: str) -> None:
    site.log.activity = None

    assert site.ask("POST", "/setup/view", token).status == 200


def test_someone_with_a_link_cannot_use_up_the_versions_of_the_secret(site: SetupSite, token: str) -> None:
    calls: list[str] = []
    site.client.meta.events.register("before-call.secretsmanager", lambda model, **_: calls.append(model.name))

    answers = []
    for body in (b'{"idp": "okta"}', b'{"idp": "entra"}') * MAX_SETUP_CHOICES:
        site.clock.seconds += 1
        answers.append(site.ask("POST", "/setup/choose", token, body))

    assert calls.count("PutSecretValue") == MAX_SETUP_CHOICES
    assert (answers[0].status, answers[-2].status) == (200, 429)
    assert "was not changed" in answers[-2].text
    assert site.ask("POST", "/setup/choose", token, b'{"idp": "entra"}').status == 200
    assert site.ask("POST", "/setup/reveal", token).status == 200


def test_all_links_of_an_account_together_leave_the_operator_versions_of_the_secret() -> None:
    of_secrets_manager = 100

    assert of_secrets_manager / 2 >= MAX_SETUP_LINKS * (MAX_SETUP_CHOICES + 1)


def test_a_large_log_is_asked_less_often(site: SetupSite, token: str) -> None:
    site.log.activity = SetupActivity(bytes_scanned=60 * BYTES_A_SECOND)

    for second in range(0, 61, 5):
        site.clock.seconds = second
        site.ask("POST", "/setup/view", token)

    assert site.log.asked == 2


def test_a_log_that_does_not_answer_is_not_asked_at_every_look(site: SetupSite, token: str) -> None:
    site.log.activity = None
    for second in range(0, int(FAILED_SECONDS), 5):
        site.clock.seconds = second
        assert "does not answer" in site.ask("POST", "/setup/view", token).text
    assert site.log.asked == 1

    site.log.activity = SetupActivity()
    site.clock.seconds = int(FAILED_SECONDS)
    assert "does not answer" not in site.ask("POST", "/setup/view", token).text
