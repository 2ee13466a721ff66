"""The Authorization header: which Connector Key a request carries, or what is wrong with how it was pasted."""

from __future__ import annotations

from domain.accounts.connector_key import ConnectorKey
from domain.errors import Unauthorized


def bearer_key(authorization: str | None) -> ConnectorKey:
    """Return the well-formed key of an Authorization header (RFC 6750 section 2.1); raises `Unauthorized`.

    The scheme's case does not matter (RFC 9110 section 11.1), nor does white space around the key.
    """
    scheme, _, credentials = (authorization or "").strip().partition(" ")
    credentials = credentials.strip()
    if not scheme:
        raise Unauthorized(
            "The request has no Authorization header. Send: Authorization: Bearer <Connector Key>",
            reason="no-key",
        )
    if ConnectorKey.parse(scheme) is not None:
        raise Unauthorized(
            "The Authorization header lacks the word Bearer. Send: Authorization: Bearer <Connector Key>",
            reason="no-scheme",
        )
    if scheme.lower() != "bearer":
        raise Unauthorized(
            "The Authorization header uses a scheme other than Bearer. In the identity provider, choose bearer token "
            "(also called OAuth bearer token or HTTP header), so that it sends: Authorization: Bearer <Connector "
            "Key>",
            reason="other-scheme",
        )
    if not credentials:
        raise Unauthorized(
            "The Authorization header has the word Bearer but no Connector Key after it. Paste the key into the "
            "identity provider's token field.",
            reason="no-key",
        )
    if credentials.split(maxsplit=1)[0].lower() == "bearer":
        raise Unauthorized(
            "The word Bearer appears twice, because the identity provider adds it. Paste only the Connector Key, "
            "which starts with rck_, into its token field.",
            reason="bearer-twice",
        )
    key = ConnectorKey.parse(credentials)
    if key is None:
        raise Unauthorized(
            "The bearer token is not a complete Connector Key. Copy the key again, from rck_ to its last character, "
            "and paste it into the identity provider's token field.",
            reason="malformed-key",
        )
    return key
