"""Accepted deviations from the RFC: what identity providers send, and how it is read.

Each quirk is a small record in its own file (`domain.tolerances.quirks`). A `Reader` reads requests: `Strict` uses
no tolerance; `Tolerant` rewrites what was sent before the strict parsers see it, and notes which tolerances the request
needed.
"""

from __future__ import annotations

from domain.tolerances.readers import Reader, Strict
from domain.tolerances.record import Tolerance
from domain.tolerances.registry import TOLERANCES
from domain.tolerances.tolerant import Tolerant, reader_for

__all__ = ["TOLERANCES", "Reader", "Strict", "Tolerance", "Tolerant", "reader_for"]
