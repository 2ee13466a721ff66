"""The forms in which text is compared: uniqueness, look-up, filters, sorting and PATCH use these and no others.

Unicode decides (docs/decisions/023): NFKC, then lower case, as RFC 8265 has it for user names. This is not case
folding: `strauß` and `strauss` are two people. Each form is its own form, and is the same for canonically equivalent
text. What the lower case of a letter is does not depend on its neighbours, so that the form of a text starts with the
form of its first letters; this makes one letter of the two small sigmas (`_of_names`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from os.path import commonprefix
from string import ascii_lowercase, ascii_uppercase
from typing import Any, Final
from unicodedata import normalize

from domain.errors import InvalidValue
from domain.resources.attributes import Attribute, Uniqueness
from domain.text import FEW_MARKS, MARKS_PROBLEM, has_too_many_marks

_CAPITAL_SIGMA: Final = "\u03a3"
_SIGMA: Final = "\u03c3"
_FINAL_SIGMA: Final = "\u03c2"
_DOT_ABOVE: Final = "\u0307"
_SECOND_DOT: Final = re.compile("(?<=[ij])\u0307+")
_IDEOGRAPHIC_FULL_STOP: Final = "\u3002"
_OGHAM_SPACE: Final = "\u1680"
"""The only space that NFKC leaves as it is."""

_AT_THE_END_OF_A_DOMAIN: Final = ".\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\u2028\u2029"
_ASCII_LOWER: Final = str.maketrans(ascii_uppercase, ascii_lowercase)
_ACE_PREFIX: Final = "xn--"
_MAX_DOMAIN: Final = 253
"""Characters of a domain name (RFC 1035 section 2.3.4 less what its text form leaves out); no longer text is one."""
_MAX_LABEL: Final = 63
"""Characters of a label of a domain name (RFC 1035 section 2.3.4)."""


def text_form(text: str) -> str:
    """Return the form of text whose case does not matter (RFC 7643 section 2.2, caseExact false)."""
    return text.lower() if text.isascii() else _of_names(_lowered(text))


def unique_form(text: str) -> str:
    """Return the form of a unique value, a userName or an e-mail address, without surrounding white space.

    >>> unique_form(" Ada@Example.com. ")
    'ada@example.com'


    What follows the last `@` is a domain, in a userName as in an address, as the two are compared with each other. A
    domain has the form of IDNA 2008: `xn--` labels as the text that they stand for, any full stop for a dot, none at
    its end.
    """
    if text.isascii():
        form = text.strip().lower()
        if not form or (form[-1] != "." and _ACE_PREFIX not in form):
            return form
    else:
        form = _lowered(text).strip()
    local, at, domain = form.rpartition("@")
    if not at:
        return _of_names(form)
    return _of_names(local) + at + _labels(_dotted(domain).rstrip(_AT_THE_END_OF_A_DOMAIN))


def address_form(text: str) -> str:
    """Return the form by which an address may take over a user: one mailbox, and no look-alike of it.

    The local part unchanged except for the case of ASCII letters; in the domain also an `xn--` label as the text that
    it stands for (IDNA 2008). Addresses equal in this form have the same `unique_form`, not the other way round.
    """
    local, at, domain = text.strip().translate(_ASCII_LOWER).rpartition("@")
    return local + at + _labels(domain) if at else domain


def part_forms(text: str, *, from_start: bool) -> tuple[str, ...]:
    """Return the forms of a text that may be part of a `unique_form`: of the local part, or also of the domain.

    A value has the part when it has one of them. White space around counts, as does a dot at the end. `from_start`
    says that the value starts with the part, which then has nothing of a domain unless it has an `@`.
    """
    lowered = _lowered(text)
    local, at, domain = lowered.rpartition("@")
    plain = _of_names(lowered)
    in_domain = plain if from_start and not at else _of_names(local) + at + _labels(_dotted(domain))
    return (plain,) if plain == in_domain else (plain, in_domain)


def prefix_form(text: str) -> str:
    """Return the common start of all `unique_form`s that start with one of the text's `part_forms`; perhaps ""."""
    forms = part_forms(text, from_start=True)
    return commonprefix(forms).lstrip()  # noqa: RUF071 - of letters, not of paths


def form_of(attribute: Attribute) -> Callable[[Any], Any]:
    """Return the function that gives the comparison form of a simple attribute, by its caseExact and uniqueness."""
    if attribute.case_exact:
        return _as_it_is
    return unique_form if attribute.uniqueness is Uniqueness.SERVER else text_form


def _as_it_is(value: Any) -> Any:
    return value


def _lowered(text: str) -> str:
    """Return NFKC, lower case whatever the neighbours, NFKC again; the final sigma stays: domains distinguish it.

    Raises InvalidValue for text whose normalising could take seconds, wherever it came from; what can name the
    attribute has asked before.
    """
    if has_too_many_marks(text):
        raise InvalidValue(f"A text in the request {MARKS_PROBLEM}. Remove them.", attribute="body", expected=FEW_MARKS)
    composed = normalize("NFKC", text).replace(_CAPITAL_SIGMA, _SIGMA).replace(_OGHAM_SPACE, " ")
    return normalize("NFKC", composed.lower())


def _of_names(lowered: str) -> str:
    """What is one letter in names, though not in domains: the two small sigmas, and i or j with its dot written twice.

    Neighbours choose the sigma of a capital one. The lower case of U+0130 is i with one more dot, which is not seen.
    """
    plain = lowered.replace(_FINAL_SIGMA, _SIGMA)
    return normalize("NFC", _SECOND_DOT.sub("", plain)) if _DOT_ABOVE in plain else plain


def _dotted(domain: str) -> str:
    """A domain whose labels are parted by full stops of ASCII; NFKC has made one of the other two."""
    return domain.replace(_IDEOGRAPHIC_FULL_STOP, ".")


def _labels(dotted: str) -> str:
    """A domain, with its capitals of ASCII in lower case, with the text of each label."""
    if _ACE_PREFIX not in dotted or len(dotted) > _MAX_DOMAIN:
        return dotted
    return ".".join(map(_label, dotted.split(".")))


@lru_cache(maxsize=1024)
def _label(label: str) -> str:
    """Return the text that an A-label stands for (RFC 5890 section 2.3.2.1); any other label unchanged."""
    if not label.startswith(_ACE_PREFIX) or len(label) > _MAX_LABEL:
        return label
    import idna  # here, as few domains need it and it takes a while

    try:
        return _lowered(idna.ulabel(label))
    except idna.IDNAError:
        return label
