"""The bounds of what one request may ask, in one place; docs/limits.md has what each bounds and how it is refused.

What identity providers send stays far below them. Together they keep the work of a request in proportion to its size:
what could multiply (values, comparisons, operations) is bounded before it does.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

DEFAULT_PAGE_SIZE: Final = 100
MAX_PAGE_SIZE: Final = 1000
MAX_PAGE_CHARACTERS: Final = 4_000_000
"""A page ends early at this size, as a Lambda answer may hold 6 MB; `itemsPerPage` is the number of its users."""
MAX_RESOURCE_CHARACTERS: Final = 5_500_000
"""Of one resource with its members or groups; a longer one is refused, as a Lambda answer may hold 6 MB."""
MAX_SORTED: Final = 200_000
"""Users that a sort keeps keys of at once."""

# Bodies.
MAX_BODY_BYTES: Final = 384_000
"""Of a request about one user: a DynamoDB item holds 400 KB."""
MAX_DEPTH: Final = 32
"""Of nested arrays and objects in a body; a User needs five."""
MAX_MEMBERS: Final = 500
"""Of one object; the User with all that Entra ID writes as `emails[type eq "work"].value` has about 200."""
MAX_ITEMS: Final = 25_000
"""Values of all arrays and members of all objects of a body: 200 users of a bulk request have some 15,000."""
MAX_VALUES: Final = 500
"""Of one multi-valued attribute, and of any array but `Operations`."""
MAX_GROUP_MEMBERS: Final = 10_000
"""Of a group that one request may name; the group itself may have more."""
MAX_MEMBERS_OF_AN_ANSWER: Final = 25_000
"""Of a group that is read with its members: some 4 MB, as a function's answer may hold 6 MB."""
MAX_GROUP_BODY_BYTES: Final = 2_000_000
"""Of a request about one group: 10,000 members as Okta sends them, with `$ref` and `display`."""
MAX_GROUP_ITEMS: Final = 60_000
"""Values and members of all arrays and objects in it."""
MAX_EMAILS: Final = 40
"""Distinct addresses of one user: replacing all of them must fit one DynamoDB transaction (100 actions)."""

# Texts.
MAX_IDENTIFIER_CHARACTERS: Final = 1_024
"""Of userName and of an address in emails, which are compared with those of all other users."""
MAX_CHARACTERS: Final = 4_096
"""Of any other text."""
MAX_MEDIA_CHARACTERS: Final = 140_000
"""Of a photo, which may be a data URI, and of a certificate: a directory's thumbnailPhoto has 100 KB at most."""
MAX_COMBINING_MARKS: Final = 30
"""In a row, as in Unicode's Stream-Safe Text Format (UAX #15): normalising takes the square of a longer run's time."""

# PATCH and Bulk.
MAX_OPERATIONS: Final = 1_000
"""Of a PATCH, counted as they are applied; the largest body seen of an identity provider has 36."""
MAX_COMPARISONS: Final = 400_000
"""Of values with the filters in the paths of one request's operations: enough to remove 500 values one by one. A
path that writes in every value counts each twice; each PATCH counts all values of its user twice more."""
MAX_BULK_OPERATIONS: Final = 200
MAX_BULK_PAYLOAD: Final = 1_048_576

# Queries.
MAX_FILTER_CHARACTERS: Final = 8_192
"""Of a filter or a PATCH path."""
MAX_FILTER_DEPTH: Final = 32
"""Of parentheses and brackets open at once."""
MAX_FILTER_COMPARISONS: Final = 256
"""In one filter."""
MAX_SHORT_CHARACTERS: Final = 256
"""Of a text with which a comparison counts as one; a longer one counts by its length."""
MAX_COMPARISONS_OF_A_QUERY: Final = 1_000_000
"""Of a filter with the values of all users that it is matched with: enough for 100,000 users and ten comparisons."""
MAX_SORT_CHARACTERS: Final = 256
"""Of a text that users are sorted by: a cursor holds it, and an address in the API takes no more than 10,240 bytes."""
CURSOR_LIFETIME: Final = 3_600
"""Seconds for which a cursor continues a list."""
MAX_NAMES: Final = 500
"""In `attributes` or `excludedAttributes`."""

# Extensions that the deployment declares.
MAX_EXTENSIONS: Final = 10
MAX_EXTENSION_BYTES: Final = 65_536
"""Of one file in schemas/."""
MAX_EXTENSION_ATTRIBUTES: Final = 100
"""Of one extension, or sub-attributes of one complex attribute."""
MAX_DECLARED_ATTRIBUTES: Final = 500
"""Of all extensions together, sub-attributes included."""
MAX_URN_CHARACTERS: Final = 255
MAX_NAME_CHARACTERS: Final = 64
"""Of an attribute's name."""
MAX_DESCRIPTION_CHARACTERS: Final = 1_024
MAX_CANONICAL_VALUES: Final = 100
"""Of one attribute, and of its referenceTypes."""
MAX_CANONICAL_CHARACTERS: Final = 256

# Answers.
MAX_QUOTED: Final = 128
"""Characters of a client's value that the detail of an error repeats; what is longer is marked as cut."""

# Connector Keys.
MAX_GRACE: Final = timedelta(days=30)
"""How long the previous Connector Key is accepted after a rotation, at most."""
MAX_KEY_AGE: Final = timedelta(days=365)
"""Age of a Connector Key from which an alarm asks for a new one; the key itself still works."""

# Set-up links.
MAX_SETUP_LINKS: Final = 5
"""Of one account that are open at the same time."""
MAX_SETUP_LINK_PERIOD: Final = timedelta(days=30)
"""For which a set-up link opens the page, at most."""
MAX_SETUP_CHOICES: Final = 8
"""How often a set-up link stores another identity provider. Secrets Manager keeps the versions of a day, 100 at most;
with all of them used up, the operator could not rotate the key."""
MAX_SETUP_BODY_BYTES: Final = 1_024
"""Of a request of the set-up page, which names an identity provider at most."""

# Requests of an account.
DEFAULT_REQUESTS_PER_SECOND: Final = 50
"""Of one account; an operator sets another (`requests-per-second`)."""
MIN_REQUESTS_PER_SECOND: Final = 25
"""What IPSIE's SCIM profile and Microsoft's application gallery ask of a service for each of its customers."""
MAX_REQUESTS_PER_SECOND: Final = 1000
"""One item of the table counts them, and an item takes a thousand writes a second."""
