"""JSON schemas generated from pydantic models."""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

DIALECT: Final = GenerateJsonSchema.schema_dialect


class SchemaGenerator(GenerateJsonSchema):
    """Leaves out titles that repeat a member's name, and the defaults of members that may be absent."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def schema_text(document: JsonSchemaValue) -> str:
    """Return the text of a schema's file."""
    return json.dumps({"$schema": DIALECT, **document}, indent=2, ensure_ascii=False) + "\n"
