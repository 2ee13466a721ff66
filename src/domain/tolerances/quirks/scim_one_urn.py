"""`urn:scim:schemas:core:1.0:active`: a name under a URN of SCIM 1.1, whose User is the same."""

from __future__ import annotations

import re
from typing import Final

from domain.resources.attributes import ResourceType
from domain.resources.user_schema import CORE_URN, ENTERPRISE_URN
from domain.tolerances.record import Tolerance

_OLD: Final = re.compile(
    r"urn:scim:schemas:(core|extension:enterprise):1\.0(?:[:.]user(?=[:.]|$))?(?:[:.](?P<name>.*))?",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)


def _spelling(name: str, resource_type: ResourceType) -> str | None:
    old = _OLD.fullmatch(name)
    if old is None:
        return None
    urn = CORE_URN if old[1].lower() == "core" else ENTERPRISE_URN
    return f"{urn}:{old['name']}" if old["name"] else urn


TOLERANCE: Final = Tolerance(
    name="scim-one-urn",
    source="Templates of OneLogin and Google Workspace: scim.dev's guide to OneLogin, grokability/snipe-it issue 12642",
    only_for=frozenset({"User"}),
    spelling=_spelling,
)
