"""PATCH (RFC 7644 section 3.5.2), to the letter: from a request's body to operations, from an operation to attributes.

Known deviations from the RFC are rewritten before (`domain.tolerances`).
"""

from __future__ import annotations

from domain.messages import PATCH_OP_URN
from domain.patch.engine import apply, require_unlisted
from domain.patch.operations import Op, Operation, parse_operations, require_bounded
from domain.patch.targets import Target, target_of

__all__ = [
    "PATCH_OP_URN",
    "Op",
    "Operation",
    "Target",
    "apply",
    "parse_operations",
    "require_bounded",
    "require_unlisted",
    "target_of",
]
