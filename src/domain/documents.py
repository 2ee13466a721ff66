"""JSON documents as values and as text."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]
"""A JSON object: what a request carries and a document holds."""


def encode(value: object) -> str:
    """Return JSON as this service writes it: compact, unescaped; ValueError for a number that JSON lacks.

    >>> encode({"a": [1, "é"]})
    '{"a":[1,"é"]}'
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
