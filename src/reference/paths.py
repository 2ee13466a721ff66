"""Where the pages are, and what they are made from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
"""The repository."""
FOLDER: Final = ROOT / "docs" / "reference"
"""The pages."""
