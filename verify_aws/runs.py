"""Earlier runs of which something is left, found by their buckets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

import boto3
from botocore.exceptions import ClientError

from verify_aws.identity import STARTED_TAG, TAG, Run, is_run
from verify_aws.records import Records
from verify_aws.remains import CONFIG

LONGEST: Final = timedelta(hours=3)
"""A run that started earlier than this is over."""


@dataclass(frozen=True, slots=True)
class Found:
    """A run of which something is left. `perhaps` is one of another machine that may still be running."""

    run: Run
    state: Literal["alive", "ended", "perhaps"]


def found_runs(session: boto3.Session, records: Records, now: datetime) -> list[Found]:
    """The runs of the session's AWS account and region, oldest first."""
    client = session.client("s3", config=CONFIG)
    found = []
    for bucket in client.list_buckets()["Buckets"]:
        name = bucket["Name"]
        if not is_run(name):
            continue
        tags = _tags(client, name)
        if tags is None or tags.get(TAG, name) != name or _region(client, name) != session.region_name:
            continue
        run = Run(name, _started(tags) or bucket["CreationDate"])
        state = records.state(name)
        if state == "unknown":
            found.append(Found(run, "perhaps" if now - run.started < LONGEST else "ended"))
        else:
            found.append(Found(run, state))
    return sorted(found, key=lambda one: one.run.started)


def _tags(client: Any, bucket: str) -> dict[str, str] | None:
    """The bucket's tags; None if it is gone or belongs to another."""
    try:
        return {tag["Key"]: tag["Value"] for tag in client.get_bucket_tagging(Bucket=bucket)["TagSet"]}
    except ClientError as error:
        # The run was killed before it could put them on.
        return {} if error.response.get("Error", {}).get("Code") == "NoSuchTagSet" else None


def _region(client: Any, bucket: str) -> str | None:
    try:
        return client.get_bucket_location(Bucket=bucket).get("LocationConstraint") or "us-east-1"
    except ClientError:
        return None


def _started(tags: dict[str, str]) -> datetime | None:
    try:
        return datetime.strptime(tags[STARTED_TAG], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except (KeyError, ValueError):
        return None
