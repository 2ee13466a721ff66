"""What the models of all answers have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Answer(BaseModel):
    """An object of an answer. Times have the form of RFC 3339; members have camelCase names."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        extra="forbid",
        from_attributes=True,
        use_attribute_docstrings=True,
        validate_by_name=True,
    )


class Done(Answer):
    """What a command did."""

    result: str
