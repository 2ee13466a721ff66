"""Items of an answer taken from its JSON as they are, which spares botocore's parser its longest work.

What the low-level client gives of an item is what DynamoDB sent: names, types, and values as text. botocore builds it
anew all the same, value by value along the service's model; for the counters of an account, 4,096 numbers, that takes
twelve times as long as reading the JSON does (docs/decisions/011-items-as-sent.md). Everything beside the items, and
every answer that is no success, is left to botocore. The table has no binary values, the one type that differs.
"""

from __future__ import annotations

import json
from typing import Any, Final, TypeVar

Client = TypeVar("Client")

_ITEMS: Final = {"GetItem": "Item", "Query": "Items", "BatchGetItem": "Responses"}
"""Operation -> the member of its answer that holds items."""


def with_items_as_sent(client: Client) -> Client:
    """The same low-level DynamoDB client, which from now on reads items so."""
    events: Any = client.meta.events  # type: ignore[attr-defined]
    for operation in _ITEMS:
        events.register(f"before-parse.dynamodb.{operation}", _take_items, unique_id=f"items-as-sent-{operation}")
    return client


def _take_items(
    operation_model: Any, response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any
) -> None:
    """Move the items from what botocore will parse to what it will add to the outcome."""
    if response_dict["status_code"] != 200:
        return
    try:
        answer = json.loads(response_dict["body"])
    except ValueError:
        return  # botocore says what is wrong with it
    member = _ITEMS[operation_model.name]
    if isinstance(answer, dict) and answer.get(member) is not None:
        customized_response_dict[member] = answer.pop(member)
        response_dict["body"] = json.dumps(answer).encode()
