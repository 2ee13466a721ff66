"""The User: core schema (RFC 7643 section 4.1) and Enterprise User extension (4.3).

The single source of truth for names, types and characteristics. The values are those of RFC 7643 section 8.7.1 with
its verified errata, except where this service is stricter and says so: an address in `emails.value` belongs to
one user only (`uniqueness: server`).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Final

from domain.documents import Json
from domain.errors import PayloadTooLarge
from domain.limits import MAX_EMAILS
from domain.resources.attributes import (
    Attribute,
    Content,
    Index,
    Mutability,
    Relation,
    ResourceType,
    Returned,
    Schema,
    Type,
    Uniqueness,
)

CORE_URN: Final = "urn:ietf:params:scim:schemas:core:2.0:User"
ENTERPRISE_URN: Final = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

_READ_ONLY: Final = Mutability.READ_ONLY


def _plural(
    name: str,
    description: str,
    value: Attribute,
    canonical_types: tuple[str, ...] = (),
) -> Attribute:
    """A multi-valued complex attribute with the default sub-attributes of RFC 7643 section 2.4."""
    return Attribute(
        name,
        description,
        Type.COMPLEX,
        multi_valued=True,
        sub_attributes=(
            value,
            Attribute("display", "A human-readable name, primarily used for display purposes."),
            Attribute("type", "A label indicating the attribute's function.", canonical_values=canonical_types),
            Attribute(
                "primary",
                "Whether this is the preferred value; at most one value is true.",
                Type.BOOLEAN,
            ),
        ),
    )


_NAME: Final = Attribute(
    "name",
    "The components of the user's name.",
    Type.COMPLEX,
    sub_attributes=(
        Attribute("formatted", "The full name, formatted for display."),
        Attribute("familyName", "The family name, or last name."),
        Attribute("givenName", "The given name, or first name."),
        Attribute("middleName", "The middle name or names."),
        Attribute("honorificPrefix", "The honorific prefix, or title."),
        Attribute("honorificSuffix", "The honorific suffix."),
    ),
)

_ADDRESSES: Final = Attribute(
    "addresses",
    "A physical mailing address for this user.",
    Type.COMPLEX,
    multi_valued=True,
    sub_attributes=(
        Attribute("formatted", "The full mailing address, formatted for display."),
        Attribute("streetAddress", "The full street address."),
        Attribute("locality", "The city or locality."),
        Attribute("region", "The state or region."),
        Attribute("postalCode", "The zip code or postal code."),
        Attribute("country", "The country name, ISO 3166-1 alpha-2."),
        Attribute("type", "A label indicating the function.", canonical_values=("work", "home", "other")),
        Attribute("primary", "Whether this is the preferred address; at most one address is true.", Type.BOOLEAN),
    ),
)

_GROUPS: Final = Attribute(
    "groups",
    "The groups that the user is a member of, if the account has groups. Returned only if `attributes` names it.",
    Type.COMPLEX,
    multi_valued=True,
    mutability=_READ_ONLY,
    returned=Returned.REQUEST,
    relation=Relation("group", "/Groups", "direct"),
    sub_attributes=(
        Attribute("value", "The identifier of the group.", mutability=_READ_ONLY),
        Attribute(
            "$ref",
            "The URI of the group.",
            Type.REFERENCE,
            case_exact=True,
            mutability=_READ_ONLY,
            reference_types=("User", "Group"),
        ),
        Attribute("display", "A human-readable name of the group.", mutability=_READ_ONLY),
        Attribute(
            "type",
            "Whether the membership is direct or indirect.",
            mutability=_READ_ONLY,
            canonical_values=("direct", "indirect"),
        ),
    ),
)

CORE_USER: Final = Schema(
    CORE_URN,
    "User",
    "User Account",
    (
        Attribute(
            "userName",
            "Unique identifier for the user, compared without regard to case.",
            required=True,
            uniqueness=Uniqueness.SERVER,
            content=Content.IDENTIFIER,
        ),
        _NAME,
        Attribute("displayName", "The name of the user, suitable for display to end-users."),
        Attribute("nickName", "The casual way to address the user."),
        Attribute(
            "profileUrl",
            "The URL of the user's online profile.",
            Type.REFERENCE,
            case_exact=True,
            reference_types=("external",),
        ),
        Attribute("title", 'The user\'s title, such as "Vice President".'),
        Attribute("userType", "The relationship between the organization and the user."),
        Attribute("preferredLanguage", "The user's preferred written or spoken language."),
        Attribute("locale", "The user's default location, for localizing currency, dates and numbers."),
        Attribute("timezone", 'The user\'s time zone, in the "Olson" format.'),
        Attribute("active", "The user's administrative status; false deactivates the user.", Type.BOOLEAN),
        Attribute(
            "password",
            "Accepted for compatibility; never stored, returned or logged.",
            case_exact=True,
            mutability=Mutability.WRITE_ONLY,
            returned=Returned.NEVER,
        ),
        _plural(
            "emails",
            "E-mail addresses of the user.",
            Attribute(
                "value",
                "The address, unique among the users of this service without regard to case.",
                uniqueness=Uniqueness.SERVER,
                content=Content.ADDRESS,
            ),
            ("work", "home", "other"),
        ),
        _plural(
            "phoneNumbers",
            "Phone numbers of the user.",
            Attribute("value", "The phone number."),
            ("work", "home", "mobile", "fax", "pager", "other"),
        ),
        _plural(
            "ims",
            "Instant messaging addresses of the user.",
            Attribute("value", "The instant messaging address."),
            ("aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"),
        ),
        _plural(
            "photos",
            "URLs of photos of the user.",
            Attribute(
                "value",
                "The URL of a photo.",
                Type.REFERENCE,
                case_exact=True,
                reference_types=("external",),
                content=Content.MEDIA,
            ),
            ("photo", "thumbnail"),
        ),
        _ADDRESSES,
        _GROUPS,
        _plural("entitlements", "Entitlements of the user.", Attribute("value", "The value of an entitlement.")),
        _plural("roles", "Roles of the user.", Attribute("value", "The value of a role.")),
        _plural(
            "x509Certificates",
            "Certificates issued to the user.",
            Attribute("value", "The DER-encoded certificate, base64.", Type.BINARY, case_exact=True),
        ),
    ),
)

ENTERPRISE_USER: Final = Schema(
    ENTERPRISE_URN,
    "EnterpriseUser",
    "Enterprise User",
    (
        Attribute("employeeNumber", "Identifier assigned to the user by the organization."),
        Attribute("costCenter", "The name of a cost center."),
        Attribute("organization", "The name of an organization."),
        Attribute("division", "The name of a division."),
        Attribute("department", "The name of a department."),
        Attribute(
            "manager",
            "The user's manager.",
            Type.COMPLEX,
            sub_attributes=(
                Attribute("value", "The id of the user who is the manager.", case_exact=True),
                Attribute(
                    "$ref",
                    "The URI of the user who is the manager.",
                    Type.REFERENCE,
                    case_exact=True,
                    reference_types=("User",),
                ),
                Attribute("displayName", "The displayName of the manager.", mutability=_READ_ONLY),
            ),
        ),
    ),
)


def _require_few_addresses(user: Json) -> None:
    addresses = {email["value"] for email in user.get("emails", ()) if "value" in email}
    if len(addresses) > MAX_EMAILS:
        raise PayloadTooLarge(
            f"emails has {len(addresses)} addresses; a user may have at most {MAX_EMAILS}. Send fewer addresses.",
            attribute="emails",
        )


ID: Final = Index("id", (("id",),))
USER_NAME: Final = Index("userName", (("userName",),), is_sorted=True)
EMAIL: Final = Index("email", (("emails",), ("emails", "value")), is_sorted=True)
EXTERNAL_ID: Final = Index("externalId", (("externalId",),))
GROUPS: Final = Index("groups", (("groups",), ("groups", "value")))

USER: Final = ResourceType(
    name="User",
    endpoint="/Users",
    description="User Account",
    schema=CORE_USER,
    extensions=(ENTERPRISE_USER,),
    indexes=(ID, USER_NAME, EMAIL, EXTERNAL_ID, GROUPS),
    check=_require_few_addresses,
)


@cache
def user_type(extensions: tuple[Schema, ...] = (), switched_off: tuple[Schema, ...] = ()) -> ResourceType:
    """Return the User with these extensions too: always the same object for the same ones, `USER` without any.

    Both are schemas that the deployment declares (`domain.resources.extension_documents`); the users do not have those
    that are switched off.
    """
    if not extensions and not switched_off:
        return USER
    off = frozenset(schema.id.lower() for schema in switched_off)
    return replace(USER, extensions=(*USER.extensions, *extensions), switched_off=off)
