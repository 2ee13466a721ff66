"""The bounds of what one request may ask, in one place; ServiceProviderConfig announces them."""

from __future__ import annotations

from typing import Final

DEFAULT_PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 1000
MAX_PAGE_CHARACTERS: Final = 4_000_000
"""A page ends early at this size, as a Lambda answer may hold 6 MB; `itemsPerPage` tells how many users it has."""

MAX_BODY_BYTES: Final = 384_000
"""Of a request about one user: a DynamoDB item holds 400 KB."""
MAX_DEPTH: Final = 32
"""Of nested arrays and objects in a body; a User needs five."""

MAX_QUOTED: Final = 128
"""Characters of a client's value that the detail of an error repeats; what is longer is marked as cut."""

MAX_PATH_MEMBERS: Final = 256
"""Members of a POST's or PUT's body that are paths (`emails[type eq "work"].value`); a User has a tenth of that."""

MAX_BULK_OPERATIONS: Final = 200
MAX_BULK_PAYLOAD: Final = 1_048_576
