"""The parameters of a query (RFC 7644 section 3.4.2) as clients write them, in a URL or in the body of a `.search`.

Apart from the other tolerances (`domain.tolerances`, which has a record of each), so that functions that read one user
import neither filters nor PATCH.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from domain.documents import Json
from domain.resources.attributes import ResourceType
from domain.resources.paths import of_an_extension, resolve, with_colon

CASE: Final = "parameter-case"
REPEATED: Final = "repeated-parameter"
NAMES: Final = "attribute-names"

PARAMETERS: Final = (
    "attributes", "count", "cursor", "excludedAttributes", "filter", "schemas", "sortBy", "sortOrder", "startIndex",
)  # fmt: skip
"""The names of all of them; `schemas` is of a body only."""
_KNOWN: Final = {name.lower(): name for name in PARAMETERS}
_LISTS: Final = ("attributes", "excludedAttributes")
_BRACKETS: Final = re.compile(r"\[[^\]]*+\]?")


class ParameterReader(Protocol):
    """Reads the parameters of queries for one account."""

    def of_query(self, query: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Return the parameters of a URL, each with one value."""

    def of_body(self, body: Json) -> Json:
        """Return the members of a SearchRequest (RFC 7644 section 3.4.3)."""


class _Strict:
    """Takes the RFC's names, and the first value of each."""

    def of_query(self, query: Mapping[str, Sequence[str]]) -> dict[str, str]:
        return {name: values[0] for name, values in query.items()}

    def of_body(self, body: Json) -> Json:
        return body


STRICT: Final[ParameterReader] = _Strict()


@dataclass(frozen=True, slots=True)
class Tolerant:
    """Takes names in any case, lists of names in several parameters, and attributes in known other spellings.

    `noted` collects the names of the tolerances that applied.

    >>> from domain.resources.user_schema import USER
    >>> reader = Tolerant(USER)
    >>> reader.of_query({"startindex": ["3"], "attributes": ["userName", "manager"]})
    {'startIndex': '3', 'attributes': 'userName,urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager'}
    >>> sorted(reader.noted)
    ['attribute-names', 'parameter-case', 'repeated-parameter']
    """

    resource_type: ResourceType
    noted: set[str] = field(default_factory=set)

    def of_query(self, query: Mapping[str, Sequence[str]]) -> dict[str, str]:
        """Return the parameters of a URL under the RFC's names, each with one value."""
        query = self._in_known_case(query)
        parameters = {name: values[0] for name, values in query.items()}
        for name in _LISTS:
            if len(query.get(name, ())) > 1:
                self.noted.add(REPEATED)
                parameters[name] = ",".join(query[name])
        return self._with_names(parameters)

    def of_body(self, body: Json) -> Json:
        """Return the members of a SearchRequest (RFC 7644 section 3.4.3) under the RFC's names."""
        return self._with_names(self._in_known_case(body))

    def _in_known_case(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters under the RFC's names; one that is there in the right case wins."""
        named: dict[str, Any] = {}
        for name, value in parameters.items():
            right = _KNOWN.get(name.lower(), name)
            if right != name and right in parameters:
                continue
            if right != name:
                self.noted.add(CASE)
            named.setdefault(right, value)
        return named

    def _with_names(self, parameters: dict[str, Any]) -> dict[str, Any]:
        for parameter in _LISTS:
            value = parameters.get(parameter)
            if isinstance(value, str):
                names = [name.strip() for name in _BRACKETS.sub("", value).split(",")]
                read = ",".join(map(self._spelled, names))
                if read != value.replace(" ", ""):
                    self.noted.add(NAMES)
                    parameters[parameter] = read
            elif isinstance(value, list) and all(isinstance(name, str) for name in value):
                read_names = [self._spelled(_BRACKETS.sub("", name).strip()) for name in value]
                if read_names != value:
                    self.noted.add(NAMES)
                    parameters[parameter] = read_names
        return parameters

    def _spelled(self, name: str) -> str:
        """Return the name with a colon after a known URN, or with the URN of the extension that has it."""
        if resolve(name, self.resource_type) is not None:
            return name
        return with_colon(name, self.resource_type) or str(of_an_extension(name, self.resource_type) or name)
