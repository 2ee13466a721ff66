"""The parameters of a query (RFC 7644 section 3.4.2) as clients write them, in a URL or in the body of a `.search`.

Apart from the other tolerances (`domain.tolerances`, which has a record of each), as functions that read one user know
nothing of filters and PATCH. Strict mode takes the RFC's names, and the first of each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.documents import Json
from domain.resources.paths import resolve, with_colon
from domain.resources.user_schema import USER

CASE: Final = "parameter-case"
REPEATED: Final = "repeated-parameter"
NAMES: Final = "attribute-names"

_KNOWN: Final = {
    name.lower(): name
    for name in (
        "attributes", "count", "cursor", "excludedAttributes", "filter", "schemas", "sortBy", "sortOrder", "startIndex",
    )
}  # fmt: skip
_LISTS: Final = ("attributes", "excludedAttributes")
_BRACKETS: Final = re.compile(r"\[[^\]]*+\]?")


def of_query(query: Mapping[str, Sequence[str]], applied: set[str] | None) -> dict[str, str]:
    """The parameters of a URL; `applied` collects the names of the tolerances used, None where there are none."""
    if applied is None:
        return {name: values[0] for name, values in query.items()}
    query = _in_known_case(query, applied)
    parameters = {name: values[0] for name, values in query.items()}
    for name in _LISTS:
        if len(query.get(name, ())) > 1:
            applied.add(REPEATED)
            parameters[name] = ",".join(query[name])
    return _with_names(parameters, applied)


def of_body(body: Json, applied: set[str] | None) -> Json:
    """The members of a SearchRequest (RFC 7644 section 3.4.3)."""
    return body if applied is None else _with_names(_in_known_case(body, applied), applied)


def _in_known_case(parameters: Mapping[str, Any], applied: set[str]) -> dict[str, Any]:
    """The parameters under the RFC's names; one that is there in the right case wins."""
    named: dict[str, Any] = {}
    for name, value in parameters.items():
        right = _KNOWN.get(name.lower(), name)
        if right != name and right in parameters:
            continue
        if right != name:
            applied.add(CASE)
        named.setdefault(right, value)
    return named


def _with_names(parameters: dict[str, Any], applied: set[str]) -> dict[str, Any]:
    for parameter in _LISTS:
        value = parameters.get(parameter)
        if isinstance(value, str):
            names = [name.strip() for name in _BRACKETS.sub("", value).split(",")]
            read = ",".join(map(_spelled, names))
            if read != value.replace(" ", ""):
                applied.add(NAMES)
                parameters[parameter] = read
        elif isinstance(value, list) and all(isinstance(name, str) for name in value):
            read_names = [_spelled(_BRACKETS.sub("", name).strip()) for name in value]
            if read_names != value:
                applied.add(NAMES)
                parameters[parameter] = read_names
    return parameters


def _spelled(name: str) -> str:
    """The name with a colon after a known URN, or with the URN of the extension that has it."""
    if resolve(name) is not None:
        return name
    paths = (resolve(f"{extension.id}:{name}") for extension in USER.extensions)
    return with_colon(name) or next((str(path) for path in paths if path is not None), name)
