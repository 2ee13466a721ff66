"""What is looked at before a deployment: each look answers ok, note or stop, with a remedy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import boto3

from operations.deploying import account_looks, settings_looks, stack_looks
from operations.deploying.looks import Looked, Place, attempt
from operations.deploying.settings import DeploymentSettings

USD_A_MONTH: Final = 21
"""What a stack costs a month before the first user, as docs/scale.md computes it."""


def look(place: Place, *, section_was_named: bool = True) -> Iterator[Looked]:
    """Look at what a deployment meets, in the order in which they are shown; ends early when AWS cannot be asked."""
    yield from settings_looks.section(place)
    signed_in = account_looks.credentials(place)
    yield signed_in
    if signed_in.verdict == "stop":
        return
    yield from attempt("Stack", "cloudformation:DescribeStacks", lambda: stack_looks.state(place))
    if not section_was_named:
        yield from attempt("Section", "cloudformation:DescribeStacks", lambda: stack_looks.other_stacks(place))
    if place.is_new:
        yield from stack_looks.leftovers(place)
    yield from stack_looks.kept_parameters(place)
    yield from settings_looks.combinations(place)
    yield from attempt("Certificate", "acm:DescribeCertificate", lambda: settings_looks.certificate(place))
    yield from attempt("Hosted zone", "route53:GetHostedZone", lambda: settings_looks.hosted_zone(place))
    yield from attempt("Lambda concurrency", "lambda:GetAccountSettings", lambda: account_looks.quota(place))
    yield from attempt("API Gateway log role", "apigateway:GET", lambda: account_looks.logs_role(place))
    yield from attempt("Release alarms", "cloudwatch:DescribeAlarms", lambda: stack_looks.release_alarms(place))
    yield stack_looks.alarm_email(place)
    yield from attempt("SAM CLI", "cloudformation:DescribeStacks", lambda: account_looks.sam_bucket(place))
    if place.is_new:
        yield Looked("Costs", "ok", f"about ${USD_A_MONTH} a month before the first user, and more with each account")
    yield Looked("Takes", "ok", _duration(place))


def place_of(settings: DeploymentSettings, region: str | None, profile: str | None) -> Place:
    """Where these settings deploy to; raises `DeploymentError` for an unknown profile."""
    session: boto3.Session = settings.session(region, profile)
    return Place(session, settings)


def _duration(place: Place) -> str:
    if place.is_new:
        return "a few minutes: the first deployment creates everything"
    if place.value("Environment") == "prod" and place.settings.rollout != "at-once":
        return "more than five minutes: 10 % of the traffic moves first, the rest after five minutes"
    return "a few minutes; all traffic moves at once"
