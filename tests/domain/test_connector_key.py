"""Connector Keys: form, checksum, and what people paste."""

from __future__ import annotations

import secrets
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.accounts.authorization import bearer_key
from domain.accounts.connector_key import ConnectorKey, InvalidAccountName, account_name
from domain.errors import Unauthorized

KEY = ConnectorKey.generate("acme", Random(1).randbytes)

account_names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)


@given(account_names)
def test_a_generated_key_parses_back_to_its_account(account: str) -> None:
    key = ConnectorKey.generate(account, secrets.token_bytes)

    assert ConnectorKey.parse(key.text) == key
    assert key.account == account
    assert key.text.startswith(f"rck_{account}_")


def test_a_key_carries_at_least_160_random_bits_from_its_entropy() -> None:
    zeros = ConnectorKey.generate("acme", bytes)
    ones = ConnectorKey.generate("acme", lambda count: bytes([1]) * count)

    random = [key.text.removeprefix("rck_acme_")[:-6] for key in (zeros, ones)]

    assert random == ["0" * 32, "1" * 32]  # 32 base62 characters are 190 bits


def test_bytes_that_would_favour_some_characters_are_dropped() -> None:
    stream = iter(range(256))

    key = ConnectorKey.generate("acme", lambda count: bytes([248, 255] * 20 + [next(stream)] * count)[-count - 4 :])

    assert key.text.startswith("rck_acme_00000000000000000000000000000000")


@given(st.integers(0, len(KEY.text) - 1), st.sampled_from("0aZ_-"))
def test_a_mistyped_character_is_refused(position: int, character: str) -> None:
    mistyped = KEY.text[:position] + character + KEY.text[position + 1 :]

    assert (ConnectorKey.parse(mistyped) is None) == (mistyped != KEY.text)


@given(st.text(max_size=100))
def test_arbitrary_text_is_no_key(text: str) -> None:
    assert ConnectorKey.parse(text) is None


@pytest.mark.parametrize("text", [KEY.text[:-1], KEY.text[1:], KEY.text + "x", KEY.text.upper(), "", f'"{KEY.text}"'])
def test_a_cut_or_decorated_key_is_refused(text: str) -> None:
    assert ConnectorKey.parse(text) is None


def test_the_account_cannot_be_exchanged_within_a_key() -> None:
    assert ConnectorKey.parse(KEY.text.replace("rck_acme_", "rck_evil_")) is None


def test_neither_repr_nor_mask_shows_the_key() -> None:
    random = KEY.text.removeprefix("rck_acme_")[:-6]

    assert random not in repr(KEY)
    assert random not in KEY.masked
    assert KEY.masked.startswith("rck_acme_*")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a" * 41,
        "Acme",
        "a/b",
        "../etc",
        "a*",
        "a?",
        "a b",
        "a_b",
        "a.b",
        "a#USER",
        "ä",
        "a\n",
        "*",
        "\u0661",
        "-",
        "-a",
        "--all",
    ],
)
def test_account_names_that_could_reach_other_resources_are_refused(name: str) -> None:
    with pytest.raises(InvalidAccountName, match="1 to 40 characters"):
        account_name(name)


@pytest.mark.parametrize("name", ["a", "a-", "0-1", "default", "acme-corp-2", "a" * 40, "0"])
def test_plain_account_names_are_accepted(name: str) -> None:
    assert account_name(name) == name


@pytest.mark.parametrize(
    "header",
    [
        "Bearer {key}",
        "bearer {key}",
        "BEARER {key}",
        "Bearer    {key}   ",
        "  Bearer {key}",
        "Bearer \t{key}\t",
        "Bearer {key}\u00a0",
    ],
)
def test_white_space_and_the_case_of_the_scheme_do_not_matter(header: str) -> None:
    assert bearer_key(header.format(key=KEY.text)) == KEY


@pytest.mark.parametrize(
    ("header", "reason", "says"),
    [
        (None, "no-key", "no Authorization header"),
        ("", "no-key", "no Authorization header"),
        ("   ", "no-key", "no Authorization header"),
        ("Bearer", "no-key", "no Connector Key after it"),
        ("Bearer   ", "no-key", "no Connector Key after it"),
        ("{key}", "no-scheme", "lacks the word Bearer"),
        ("Basic {key}", "other-scheme", "scheme other than Bearer"),
        ("Bearer: {key}", "other-scheme", "scheme other than Bearer"),
        ("Bearer Bearer {key}", "bearer-twice", "appears twice"),
        ("bearer bearer {key}", "bearer-twice", "appears twice"),
        ("Bearer bearer", "bearer-twice", "appears twice"),
        ("Bearer nonsense", "malformed-key", "Copy the key again"),
        ("Bearer {key}x", "malformed-key", "Copy the key again"),
        ("Bearer {key} {key}", "malformed-key", "Copy the key again"),
    ],
)
def test_the_answer_to_a_malformed_header_names_the_fault_and_does_not_repeat_the_header(
    header: str | None, reason: str, says: str
) -> None:
    with pytest.raises(Unauthorized, match=says) as refused:
        bearer_key(header and header.format(key=KEY.text))

    assert refused.value.reason == reason
    assert KEY.text not in refused.value.detail
    assert refused.value.headers["WWW-Authenticate"].startswith("Bearer")
