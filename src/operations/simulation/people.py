"""The people of the simulated directory, determined by seed, run and number."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

DOMAIN: Final = "simulated.example"
"""Every address of a simulation ends with it. No mail can reach it (RFC 2606)."""

_GIVEN_NAMES: Final = """
Ada Amélie Anouk Aylin Bela Carlos Chiara Dario Edda Elif Emre Esra Farid Felix Freya Gita Hanna Hugo Ines Jakob Jun
Kaja Kofi Laila Levi Lina Luca Maja Malik Marek Milan Nadia Nils Nora Oskar Paula Priya Rafael Renée Sofia Søren
Tamar Theo Umar Vera Wanda Yara Yusuf Zoë Zuzana
"""
_FAMILY_NAMES: Final = """
Adler Almeida Andersen Arslan Bauer Bianchi Castro Chen Costa Dahl Demir Diallo Dvořák Eriksson Ferrari Fischer
Garcia Gruber Haddad Hansen Horvat Ibrahim Jansen Kaya Kowalski Kumar Larsen Lehmann Moser Müller Nakamura Novak
Nuñez Okafor Olsen Ortiz Petersen Quint Rossi Sato Schmid Silva Suzuki Takács Torres Urban Virtanen Weber Yilmaz
Zimmer
"""
_GIVEN: Final = tuple(_GIVEN_NAMES.split())
_FAMILY: Final = tuple(_FAMILY_NAMES.split())
_ASCII: Final = str.maketrans({"ø": "o"})


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a run; two people of one run never share a nick, an address or an external id."""

    run: str
    number: int
    given: str
    family: str
    external_id: str

    @property
    def nick(self) -> str:
        """The name before the @, in ASCII."""
        return f"{plain(self.given)}.{plain(self.family)}.{self.number}"

    @property
    def address(self) -> str:
        """The e-mail address, which most providers send as userName, too."""
        return f"{self.nick}@{domain_of(self.run)}"


def domain_of(run: str) -> str:
    """The domain of a run's addresses.

    >>> domain_of("a1b2")
    'a1b2.simulated.example'
    """
    return f"{run}.{DOMAIN}"


def person(idp: str, seed: int, run: str, number: int) -> Person:
    """The person of that number, with an external id in the form that the identity provider gives them.

    >>> person("jumpcloud", 1, "a1b2", 7) == person("jumpcloud", 1, "a1b2", 7)
    True
    """
    digest = sha256(f"{seed} {run} {number}".encode()).digest()
    made = Person(run, number, _GIVEN[digest[0] % len(_GIVEN)], _FAMILY[digest[1] % len(_FAMILY)], "")
    external_id = {
        "jumpcloud": digest.hex()[8:24] + f"{number:08x}",
        "entra": made.nick,
        "okta": f"00u{digest.hex()[8:16]}{number:09d}",
    }[idp]
    return Person(run, number, made.given, made.family, external_id)


def plain(name: str) -> str:
    """The name in lower-case ASCII letters.

    >>> plain("Dvořák"), plain("Søren")
    ('dvorak', 'soren')
    """
    decomposed = unicodedata.normalize("NFKD", name.lower().translate(_ASCII))
    return decomposed.encode("ascii", "ignore").decode()
