"""Sample events of the AWS services other than API Gateway, for `events/`."""

from __future__ import annotations

from typing import Final

from adapters.dynamodb import items
from adapters.dynamodb.items import Item
from domain.documents import encode
from domain.resources.group_schema import CORE_URN as GROUP_URN
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import CORE_URN
from handlers.http import Event

_AWS_ACCOUNT: Final = "123456789012"
_REGION: Final = "eu-central-1"
REQUEST_ID: Final = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

STACK_CREATION: Final[Event] = {
    "RequestType": "Create",
    "ServiceToken": f"arn:aws:lambda:{_REGION}:{_AWS_ACCOUNT}:function:rollcall-SeedDefaultAccount",
    "ResponseURL": "https://cloudformation-custom-resource-response.invalid/?signature=example",
    "StackId": f"arn:aws:cloudformation:{_REGION}:{_AWS_ACCOUNT}:stack/rollcall/2819c223-7f76-453a-919d-413861904646",
    "RequestId": REQUEST_ID,
    "LogicalResourceId": "FirstConnectorKey",
    "ResourceType": "Custom::FirstConnectorKey",
    "ResourceProperties": {"Account": "default"},
}
"""CloudFormation's request to SeedDefaultAccount; its ResponseURL does not exist."""

PAGE_VIEW: Final[Event] = {
    "widgetContext": {
        "dashboardName": "rollcall",
        "widgetId": "widget-1",
        "accountId": _AWS_ACCOUNT,
        "locale": "en",
        "timezone": {"label": "UTC", "offsetISO": "+00:00", "offsetInMinutes": 0},
        "period": 300,
        "isAutoPeriod": True,
        "timeRange": {"mode": "relative", "start": 1767322800000, "end": 1767326400000},
        "theme": "light",
        "linkCharts": True,
        "title": "Accounts",
        "forms": {"all": {}},
        "params": {},
        "width": 1200,
        "height": 600,
    }
}
"""CloudWatch's call of SettingsWidget when the dashboard is opened."""

HOUR: Final[Event] = {
    "version": "0",
    "id": REQUEST_ID,
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": _AWS_ACCOUNT,
    "time": "2026-01-02T03:04:05Z",
    "region": _REGION,
    "resources": [f"arn:aws:events:{_REGION}:{_AWS_ACCOUNT}:rule/rollcall-Watch"],
    "detail": {},
}
"""EventBridge's scheduled event for Watch."""

RELEASE: Final[Event] = {"DeploymentId": "d-ABCDEF123", "LifecycleEventHookExecutionId": "example"}
"""CodeDeploy's call of PreTraffic."""


def new_user(user_id: str) -> Event:
    """The table's stream record for Publisher after a user was created."""
    attributes = {
        "schemas": [CORE_URN],
        "userName": "somebody@example.com",
        "emails": [{"value": "somebody@example.com", "type": "work", "primary": True}],
        "active": True,
    }
    user = StoredUser.new(user_id, attributes, "2026-01-02T03:04:05.000Z")
    item = items.user_item("default", user, "9b2c6f3e")
    return _record("INSERT", {"NewImage": item})


def joined_group(user_id: str) -> Event:
    """The table's stream record for Publisher after a user joined a group."""
    before: Item = {
        "pk": {"S": "default#GROUP"},
        "sk": {"S": "e9e30dba-f08f-4109-8486-d5c6a331660a"},
        "document": {"S": encode({"schemas": [GROUP_URN], "displayName": "Tour Guides"})},
        "version": {"N": "1"},
        "created": {"S": "2026-01-02T03:04:05.000Z"},
        "lastModified": {"S": "2026-01-02T03:04:05.000Z"},
        "schemaVersion": {"N": "1"},
        "writeId": {"S": "9b2c6f3e"},
        "displayName": {"S": "Tour Guides"},
    }
    after = before | {
        "version": {"N": "2"},
        "lastModified": {"S": "2026-01-02T03:04:06.000Z"},
        "writeId": {"S": "5d0e8a71"},
        "joined": {"SS": [user_id]},
    }
    return _record("MODIFY", {"OldImage": before, "NewImage": after})


def _record(name: str, images: dict[str, Item]) -> Event:
    """An event of the table's stream with one record, by its kind of write and its images."""
    record = {
        "eventID": "c4ca4238a0b923820dcc509a6f75849b",
        "eventName": name,
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": _REGION,
        "dynamodb": {
            "ApproximateCreationDateTime": 1767323045,
            "Keys": {key: images["NewImage"][key] for key in ("pk", "sk")},
            **images,
            "SequenceNumber": "4421584500000000017450439091",
            "SizeBytes": 512,
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": f"arn:aws:dynamodb:{_REGION}:{_AWS_ACCOUNT}:table/users/stream/2026-01-01T00:00:00.000",
    }
    return {"Records": [record]}
