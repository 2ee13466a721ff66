"""Items of a response taken directly from its JSON, which bypasses the slowest part of botocore's parser.

The low-level client returns items as DynamoDB sent them: names, types, and values as text. Yet botocore rebuilds them
value by value from the service's model. For the counters of an account, 4,096 numbers, that takes twelve times as long
as reading the JSON (docs/decisions/011-items-as-sent.md). botocore still parses the rest of the response, and every
error. The table has no binary values, the only type that differs.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

Client = TypeVar("Client")

_ITEMS: Final = {"GetItem": "Item", "Query": "Items", "BatchGetItem": "Responses"}
"""Operation -> the member of its response that contains items."""


def with_items_as_sent(client: Client) -> Client:
    """Make the low-level DynamoDB client read items this way, and return it."""
    events: Any = client.meta.events  # type: ignore[attr-defined]  # missing in the stubs
    for operation in _ITEMS:
        events.register(f"before-parse.dynamodb.{operation}", _take_items, unique_id=f"items-as-sent-{operation}")
    return client


def _take_items(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Move the items from the text that botocore parses to the members that it adds unparsed."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = json.loads(response_dict["body"])
    except ValueError:
        return  # botocore raises its own error
    member = _ITEMS[operation_model.name]
    if isinstance(answer, dict) and answer.get(member) is not None:
        customized_response_dict[member] = answer.pop(member)
        response_dict["body"] = json.dumps(answer).encode()
