"""Looks at the settings of a deployment: the parts that must agree, and what they name in AWS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Final

from botocore.exceptions import ClientError

from operations.deploying.looks import Looked, Place, code_of

_REGIONAL: Final = {"CertificateArn": "certificate", "WebAclArn": "web ACL", "EncryptionKeyArn": "key"}


def section(place: Place) -> Iterator[Looked]:
    """Whether the section agrees with itself, and with the environment."""
    settings = place.settings
    wanted, built = settings.value("Architecture"), settings.built_for
    where = f"{settings.section} of samconfig.toml: stack {settings.stack_name}, {wanted}"
    if wanted != built:
        remedy = f"Write Architecture={wanted} in [{settings.section}.build.parameters] as well."
        yield Looked("Section", "stop", f"{where}, but it builds for {built}", remedy)
    else:
        yield Looked("Section", "ok", where)
    for what, ours, theirs in (
        ("region", settings.region, os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")),
        ("profile", settings.profile, os.environ.get("AWS_PROFILE")),
    ):
        if ours and theirs and ours != theirs:
            remedy = f"Name the {what} in one place."
            yield Looked("Section", "stop", f"its {what} is {ours}, but the environment says {theirs}", remedy)
    if settings.given.get("Rollout") == "at-once" and not settings.at_once_is_asked_for:
        seen = "the section has Rollout=at-once, so no release of this stack is tried with 10 % of the traffic first"
        yield Looked(
            "Section",
            "note",
            seen,
            f"Remove it; to use it for one deployment: make deploy ENV={settings.section} AT_ONCE=1",
        )


def combinations(place: Place) -> Iterator[Looked]:
    """Parameters that do not go together, or name something of another region."""
    if place.value("EnableWaf") == "true" and place.value("WebAclArn"):
        yield Looked("Firewall", "stop", "EnableWaf=true and WebAclArn are both set", "Choose one of the two.")
    if place.value("DomainName") and not place.value("CertificateArn"):
        remedy = "Set CertificateArn to a certificate for the name in AWS Certificate Manager in this region."
        yield Looked("Host name", "stop", "DomainName is set without CertificateArn", remedy)
    for parameter, what in _REGIONAL.items():
        region = _region_of(place.value(parameter))
        if region not in (None, place.region):
            remedy = f"Use a {what} of {place.region}, or deploy to {region}."
            yield Looked(parameter, "stop", f"the {what} is in {region}, the stack in {place.region}", remedy)


def _region_of(arn: str) -> str | None:
    parts = arn.split(":")
    return parts[3] if len(parts) > 4 else None


def certificate(place: Place) -> Iterator[Looked]:
    """Whether the certificate is issued, and for the host name."""
    arn, name = place.value("CertificateArn"), place.value("DomainName")
    if not name or _region_of(arn) != place.region:
        return
    remedy = (
        "Request a certificate for the name in AWS Certificate Manager in this region, and wait until it is issued."
    )
    try:
        found = place.client("acm").describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        yield Looked("Certificate", "stop", f"there is no {arn} in this account", remedy)
        return
    names = {found.get("DomainName", ""), *found.get("SubjectAlternativeNames", [])}
    covering = {name, f"*.{name.partition('.')[2]}"}
    if found["Status"] != "ISSUED":
        yield Looked("Certificate", "stop", f"it is {found['Status']}, not ISSUED", remedy)
    elif not names & covering:
        yield Looked("Certificate", "stop", f"it is for {', '.join(sorted(names))}, not for {name}", remedy)
    else:
        yield Looked("Certificate", "ok", f"issued, for {name}")


def hosted_zone(place: Place) -> Iterator[Looked]:
    """Whether the hosted zone is there, and holds the host name."""
    zone, name = place.value("HostedZoneId"), place.value("DomainName")
    if not name or not zone:
        return
    remedy = (
        "Set HostedZoneId to the zone that contains the name; or leave it out and add the DNS record yourself "
        "(docs/deploy.md)."
    )
    try:
        found = place.client("route53").get_hosted_zone(Id=zone)["HostedZone"]["Name"].rstrip(".")
    except ClientError as error:
        if code_of(error) != "NoSuchHostedZone":
            raise
        yield Looked("Hosted zone", "stop", f"there is no {zone} in this account", remedy)
        return
    if name == found or name.endswith(f".{found}"):
        yield Looked("Hosted zone", "ok", f"{found} contains {name}")
    else:
        yield Looked("Hosted zone", "stop", f"{zone} is {found}, which cannot contain {name}", remedy)
