"""How a number of things is said to a person."""

from __future__ import annotations


def counted(number: int, noun: str) -> str:
    """`1 user`, `2 users`; the noun is one that takes an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
