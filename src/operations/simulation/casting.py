"""Replaces the people in a recorded request with generated ones; the shape of the request stays.

The people of the recorded requests have names and addresses at example.com. An address is replaced by one of the run
that is built in the same way, so that `rosa.new@example.com` is another address of the person who plays Rosa.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from operations.simulation.people import Person, domain_of, plain

ROLES: Final = {
    "mara": ("Mara", "Lind"),
    "ivo": ("Ivo", "Hartmann"),
    "kei": ("Kei", "Tan"),
    "noor": ("Noor", "Aziz"),
    "lea": ("Lea", "Moreau"),
    "rosa": ("Rosa", "Keller"),
    "tomas": ("Tomas", "Reyes"),
    "ana": ("Ana", "Petrov"),
    "quinn": ("Quinn", "Osei"),
    "pia": ("Pia", "Santos"),
    "runner": ("Runner123", "Sampleabc456"),
}
"""The people of the recorded requests, with their names."""

_ADDRESS: Final = re.compile(
    r"(?:(?<=%22)|(?<![A-Za-z0-9.+%-]))(?P<local>[A-Za-z0-9.-]+(?:%2B[a-z]+)?)(?P<at>@|%40|%2540)"
    r"(?P<sub>corp\.)?example\.com",
    re.IGNORECASE,
)
_NICK: Final = re.compile(
    r"(?:(?<=%22)|\b)(?:" + "|".join(rf"{g}\.{f}".lower() for g, f in ROLES.values()) + r")\b(?![^\s\"]*@)"
)
_NAME: Final = re.compile(r"\b(?:" + "|".join(name for names in ROLES.values() for name in names) + r")\b")
_EXTERNAL_ID: Final = re.compile(r"\b(?:65[ab][0-9a-f]{21}|00u1example\d+)\b")


@dataclass(frozen=True, slots=True)
class Cast:
    """Who plays whom: `person` plays everybody whom `others` does not name; `values` replace texts as they are."""

    person: Person
    others: Mapping[str, Person] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)

    def filled(self, value: Any) -> Any:
        """The JSON value with these people in it."""
        if isinstance(value, dict):
            return {name: self.filled(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.filled(member) for member in value]
        return self.text(value) if isinstance(value, str) else value

    def text(self, text: str) -> str:
        """The text with these people in it."""
        for old, new in self.values.items():
            text = text.replace(old, new)
        text = _ADDRESS.sub(self._address, text)
        text = _NICK.sub(self._nick, text)
        text = _NAME.sub(self._name, text)
        return _EXTERNAL_ID.sub(self.person.external_id, text)

    def _address(self, found: re.Match[str]) -> str:
        local = found["local"]
        name = local if "%" in local else local.lower()
        role = _role(name)
        player = self.others.get(role, self.person)
        if role:
            given, family = ROLES[role]
            name = name.replace(given.lower(), plain(player.given)).replace(family.lower(), plain(player.family))
        address = f"{name}.{player.number}{found['at']}{(found['sub'] or '').lower()}{domain_of(player.run)}"
        if local.isupper():
            return address.upper()
        return address if "%" in local or local.islower() else address.title()

    def _nick(self, found: re.Match[str]) -> str:
        return self.others.get(_role(found[0]), self.person).nick

    def _name(self, found: re.Match[str]) -> str:
        role = next(role for role, names in ROLES.items() if found[0] in names)
        player = self.others.get(role, self.person)
        return player.given if found[0] == ROLES[role][0] else player.family


def _role(local: str) -> str:
    return next((role for role, (given, _) in ROLES.items() if local.startswith(given.lower())), "")
