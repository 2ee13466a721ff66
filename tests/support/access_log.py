"""The gateway's access log: the line that it writes of a request, by the format of the template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any


def access_line(log_format: str, context: Mapping[str, Any]) -> str:
    """The line of a request with that `requestContext`; what the gateway does not know is `-`.

    >>> access_line('{"status":"$context.status","ip":"$context.identity.sourceIp"}', {"identity": {"sourceIp": "::1"}})
    '{"status":"-","ip":"::1"}'
    """
    return re.sub(r"\$context\.([\w.]+)", lambda found: _value(found[1], context), log_format)


def _value(path: str, context: Mapping[str, Any]) -> str:
    found: Any = context
    for name in path.split("."):
        found = found.get(name) if isinstance(found, Mapping) else None
    return "-" if found is None else str(found)
