"""An extension of the User as a deployment declares it, and a service that has it."""

from __future__ import annotations

import json
import re
from typing import Any, Final

from domain.resources.attributes import Schema
from domain.resources.extension_documents import extension_of
from support.repository import ROOT

_README: Final = (ROOT / "schemas" / "README.md").read_text(encoding="utf-8")
EXAMPLE: Final[dict[str, Any]] = json.loads(re.search(r"```json\n(.*?)```", _README, re.DOTALL)[1])  # type: ignore[index]  # the README has one
"""The document that schemas/README.md shows."""
ACME: Final = EXAMPLE["id"]
OTHER: Final = "urn:example:params:scim:Billing_2.0:User"
CORE: Final = "urn:ietf:params:scim:schemas:core:2.0:User"


def document(*attributes: dict[str, Any], urn: str = OTHER, **members: Any) -> dict[str, Any]:
    """The document of an extension with these attributes."""
    return {"id": urn, "name": "Billing", "attributes": list(attributes), **members}


def declared(of: dict[str, Any], file: str = "schemas/acme.json") -> Schema:
    """What a document declares; raises `InvalidExtension`."""
    return extension_of(json.dumps(of), file)


ACME_SCHEMA: Final = declared(EXAMPLE)
BILLING_SCHEMA: Final = declared(
    document(
        {"name": "costCode"},
        {"name": "quota", "type": "decimal"},
        {"name": "note", "returned": "request"},
        {"name": "tags", "multiValued": True},
        {
            "name": "teams",
            "type": "complex",
            "multiValued": True,
            "subAttributes": [
                {"name": "value", "caseExact": True},
                {"name": "type", "canonicalValues": ["home", "guest"]},
                {"name": "primary", "type": "boolean"},
                {"name": "$ref", "type": "reference", "referenceTypes": ["external"]},
            ],
        },
    )
)
"""Every kind of attribute, and a name that another extension has too."""
