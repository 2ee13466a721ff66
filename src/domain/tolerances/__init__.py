"""What identity providers send beside the RFC, and how it is read: each quirk a small record in a file of its own.

An account in strict mode uses none of this. In tolerant mode the service calls `tolerate_*` before the strict reading
(`domain.resources.body`, `domain.patch`, `domain.filter`) of what comes out; the names of the tolerances that a request
needed are collected in an `Applied`.
"""

from __future__ import annotations

from domain.tolerances.pipeline import (
    Applied,
    filter_leniency,
    tolerate_lookup,
    tolerate_message,
    tolerate_operation,
    tolerate_operations,
    tolerate_patch,
    tolerate_replacement,
    tolerate_resource,
    tolerate_result,
)
from domain.tolerances.record import Tolerance
from domain.tolerances.registry import TOLERANCES

__all__ = [
    "TOLERANCES",
    "Applied",
    "Tolerance",
    "filter_leniency",
    "tolerate_lookup",
    "tolerate_message",
    "tolerate_operation",
    "tolerate_operations",
    "tolerate_patch",
    "tolerate_replacement",
    "tolerate_resource",
    "tolerate_result",
]
