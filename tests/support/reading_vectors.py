"""Texts and the forms that the table keeps of them, for the readers in examples/, in whatever language.

`python -m support.reading_vectors` writes examples/reading-vectors.json from the domain; a test holds them equal.
"""

from __future__ import annotations

import json
from typing import Any, Final

from adapters.dynamodb import keys
from domain.resources.comparison import unique_form
from support.repository import ROOT

FILE: Final = ROOT / "examples" / "reading-vectors.json"

_IDENTIFIERS: Final = (
    "ada",
    " Ada@Example.COM ",
    "\u00a0ada@example.com\u2003",
    "\x1cada\x1f",
    "\u0085ada\u2028",
    "\ufeffada",
    "ada lovelace",
    "Ada\u1680Lovelace",
    "Ada\u2003Lovelace",
    "stra\u00dfe",
    "STRA\u1e9eE",
    "strasse",
    "\u00e5sa@example.com",
    "A\u030asa@example.com",
    "\u212bsa@example.com",
    "\uff21\uff24\uff21\uff20example\uff0ecom",
    "\ufb01ona",
    "\u212aim",
    "\u03c3\u03b1\u03c2",
    "\u03a3\u0391\u03a3",
    "\u03a3\u0391\u03a3@\u03a3\u0391\u03a3.example",
    "\u03c3\u03b1\u03c2@\u03c3\u03b1\u03c2.example",
    "\u0130pek",
    "i\u0307pek",
    "admi\u0307\u0307n",
    "\u0131pek",
    "j\u0307a@j\u0307a.example",
    "\u0345\u0301\u0316",
    "e\u0316\u0301",
    "\uac00\u11a8",
    "\u0ee7\U0001d41a\U0001d41d\U0001d41a",
    "@",
    "ada@",
    "@example.com",
    "a@b@Example.COM",
    "ada@example.com.",
    "ada@example.com. .",
    "ada.",
    "ada@example\u3002com\uff61",
    "ada@m\u00fcller.de",
    "ada@M\u00dcLLER.de",
    "ada@xn--mller-kva.de",
    "ada@XN--MLLER-KVA.de.",
    "ada@xn--strae-oqa.de",
    "ada@xn--strasse.de",
    "ada@xn--.de",
    "ada@xn--a.de",
    "ada@xn--qei.de",
    "ada@\u2764.de",
    "ada@xn--tsta8290bfzd.example",
    "ada@xn--" + "a" * 60 + ".de",
    "ada@" + "xn--mller-kva." * 19 + "de",
    "xn--mller-kva.de",
    "xn--mller-kva@example.com",
    "",
    " ",
    "a" * 900,
    "a" * 901,
    "a" * 1024,
    "\u00e9" * 450,
    "\u00e9" * 451,
    "\U0001f600" * 226,
    "a" * 899 + "\u00e9",
    "a\tb",
    "a\x00b",
    "a\x7fb",
    "\x01",
)
_EXTERNAL_IDS: Final = ("ext-7", "Ext-7", " ext-7 ", "a#b", "#", "", "\u00e9\u0301", "a" * 900, "a" * 901, "a\nb")


def vectors() -> dict[str, Any]:
    """Return what the file has to say.

    `identifiers`: userNames and addresses with their unique form and the sort key of the index item. `externalIds`:
    with what the sort keys of the index items start with.
    """
    return {
        "identifiers": [
            {"text": text, "form": (form := unique_form(text)), "sortKey": keys.sort_key(form)} for text in _IDENTIFIERS
        ],
        "externalIds": [{"text": text, "prefix": keys.external_id_prefix(text)} for text in _EXTERNAL_IDS],
    }


if __name__ == "__main__":
    FILE.write_text(json.dumps(vectors(), indent=1) + "\n", encoding="utf-8")
