"""Known names of columns, and the attribute that each means.

Names are compared without case, spaces and punctuation (`E-Mail Address` is `emailaddress`). Sources of the providers'
names: JumpCloud: the fields of its PowerShell module's `Get-JCUser`, which its backup writes as CSV; Microsoft Entra
ID: "Download users", learn.microsoft.com/entra/identity/users/users-bulk-download; Okta: the User profile's attributes.
"""

from __future__ import annotations

from typing import Final

from domain.resources.user_schema import ENTERPRISE_URN

_WORK_PHONE: Final = 'phoneNumbers[type eq "work"]'
_WORK: Final = 'addresses[type eq "work"]'
_HOME: Final = 'addresses[type eq "home"]'

SYNONYMS: Final[dict[str, tuple[str, ...]]] = {
    "userName": ("username", "login", "loginname", "userlogin", "userprincipalname", "upn", "samaccountname"),
    'emails[type eq "work"].value': (
        "email", "emails", "emailaddress", "useremail", "mail", "workemail", "primaryemail", "primaryemailaddress",
        "businessemail", "companyemail",
    ),
    'emails[type eq "home"].value': ("personalemail", "homeemail", "privateemail"),
    'emails[type eq "other"].value': (
        "alternateemail", "alternateemailaddress", "secondaryemail", "secondemail", "otheremail",
    ),
    "name.givenName": ("givenname", "firstname", "first", "forename"),
    "name.familyName": ("familyname", "lastname", "last", "surname", "sn"),
    "name.middleName": ("middlename", "middlenames"),
    "name.formatted": ("fullname", "name"),
    "name.honorificPrefix": ("salutation", "nameprefix"),
    "name.honorificSuffix": ("namesuffix",),
    "displayName": ("displayname",),
    "nickName": ("nickname", "preferredname"),
    "title": ("title", "jobtitle", "position"),
    "userType": ("usertype", "employeetype"),
    "preferredLanguage": ("preferredlanguage", "language"),
    "locale": ("locale",),
    "timezone": ("timezone",),
    "profileUrl": ("profileurl",),
    "externalId": ("externalid",),
    f"{ENTERPRISE_URN}:department": ("department", "dept"),
    f"{ENTERPRISE_URN}:division": ("division",),
    f"{ENTERPRISE_URN}:costCenter": ("costcenter", "costcentre"),
    f"{ENTERPRISE_URN}:organization": ("organization", "organisation", "company", "companyname"),
    f"{ENTERPRISE_URN}:employeeNumber": ("employeeid", "employeenumber", "employeeno", "employeeidentifier"),
    f"{_WORK_PHONE}.value": (
        "phone", "phonenumber", "telephone", "telephonenumber", "workphone", "worknumber", "businessphone",
        "officephone", "primaryphone",
    ),
    'phoneNumbers[type eq "mobile"].value': (
        "mobile", "mobilephone", "mobilenumber", "cell", "cellphone", "workmobilenumber",
    ),
    'phoneNumbers[type eq "home"].value': ("homephone", "homenumber"),
    'phoneNumbers[type eq "fax"].value': ("fax", "faxnumber", "workfaxnumber"),
    f"{_WORK}.streetAddress": ("streetaddress", "street", "workstreetaddress"),
    f"{_WORK}.locality": ("city", "locality", "worklocality", "workcity"),
    f"{_WORK}.region": ("region", "province", "workregion", "workstate"),
    f"{_WORK}.postalCode": ("postalcode", "zip", "zipcode", "postcode", "workpostalcode"),
    f"{_WORK}.country": ("country", "countrycode", "workcountry"),
    f"{_HOME}.streetAddress": ("homestreetaddress",),
    f"{_HOME}.locality": ("homelocality", "homecity"),
    f"{_HOME}.region": ("homeregion", "homestate"),
    f"{_HOME}.postalCode": ("homepostalcode",),
    f"{_HOME}.country": ("homecountry",),
}  # fmt: skip
"""Attribute, in the notation of PATCH paths (RFC 7644 section 3.5.2), and the names of its columns."""

ACTIVE: Final = (
    "active", "isactive", "accountenabled", "isenabled", "enabled", "state", "userstate", "accountstate", "status",
    "userstatus", "accountstatus",
)  # fmt: skip
"""Columns for `active`; when a file has several, the first in this order counts."""

INACTIVE: Final = ("suspended", "issuspended", "disabled", "isdisabled", "inactive", "deactivated", "accountdisabled")
"""Columns for the opposite; they count when there is none of `ACTIVE`."""

LAST_RESORT: Final = ("activated",)
"""JumpCloud's `activated` is true when the user has set a password; it counts when there is no better column."""

STATE_IS_A_REGION_NEXT_TO: Final = frozenset({"accountenabled", "streetaddress", "city", "country", "zip", "zipcode"})
"""`state` is JumpCloud's user state, but the region in Entra's export and in files with one of these columns."""

TRUE: Final = frozenset({
    "true", "yes", "y", "t", "1", "on", "active", "enabled", "activated", "provisioned", "password_expired",
    "password expired", "locked_out", "locked out", "recovery", "password reset",
    "ja", "wahr", "oui", "vrai", "si", "sí", "sì", "verdadero", "vero", "waar",
})  # fmt: skip
FALSE: Final = frozenset({
    "false", "no", "n", "f", "0", "off", "inactive", "disabled", "suspended", "deactivated", "deprovisioned", "staged",
    "archived", "deleted", "nein", "falsch", "non", "faux", "falso", "nee", "onwaar",
})  # fmt: skip
"""Values of those columns: booleans of spreadsheets in several languages, JumpCloud's states, Okta's statuses."""
