"""Items that are taken from an answer as they were sent are what botocore makes of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.session import Session
from moto import mock_aws

from adapters.dynamodb import items, keys, with_items_as_sent
from adapters.dynamodb.keys import Collection
from operations.table_creation import table_definition
from support import faults
from support.engines import ENGINES
from support.samples import person_of

ADA = person_of(1)
ODD: dict[str, Any] = {
    **keys.key("default", Collection.USER, "odd"),
    "text": {"S": 'Zoë 😀 "quoted" \\ \t \u2028 null'},
    "empty": {"S": ""},
    "numbers": {"L": [{"N": "12345678901234567890123456789012345678"}, {"N": "-0.5"}, {"NULL": True}]},
    "map": {"M": {"S": {"BOOL": False}, "Items": {"M": {}}}},
    "set": {"SS": ["a"]},
}
KEYS = [keys.key("default", Collection.USER, user_id) for user_id in (ADA.id, "odd", "nobody")]
CALLS: dict[str, dict[str, Any]] = {
    "get_item": {"Key": KEYS[1]},
    "get_item of an unknown user": {"Key": KEYS[2]},
    "query": {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "default#USER"}}},
    "query of a part": {
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": "default#USER"}},
        "Limit": 1,
    },
    "query of nothing": {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "no"}}},
    "batch_get_item": {"RequestItems": {"wire": {"Keys": KEYS}}},
}


def new_plain_client(endpoint: str | None = None) -> Any:
    return Session().create_client(
        "dynamodb",
        region_name="eu-central-1",
        endpoint_url=endpoint,
        aws_access_key_id="testing",
        aws_secret_access_key="testing",
    )


@pytest.fixture(scope="module", params=ENGINES)
def clients(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    """A client as botocore makes it, and one of the service's, of the same table."""
    on_moto = request.param == "moto"
    endpoint = None if on_moto else request.getfixturevalue("local_client").meta.endpoint_url
    with mock_aws():
        plain, ours = (new_plain_client(endpoint) for _ in range(2))
        plain.create_table(**table_definition("wire"))
        for item in (items.user_item("default", ADA, "write"), ODD):
            plain.put_item(TableName="wire", Item=item)
        yield plain, with_items_as_sent(ours)
        plain.delete_table(TableName="wire")


def asked(client: Any, name: str) -> dict[str, Any]:
    operation, parameters = name.partition(" ")[0], CALLS[name]
    table = {} if "RequestItems" in parameters else {"TableName": "wire"}
    answer: dict[str, Any] = getattr(client, operation)(**table, **parameters, ReturnConsumedCapacity="TOTAL")
    del answer["ResponseMetadata"]
    return answer


@pytest.mark.parametrize("name", CALLS)
def test_an_answer_is_the_same_either_way(clients: tuple[Any, Any], name: str) -> None:
    plain, ours = clients

    assert asked(ours, name) == asked(plain, name)


def test_a_refusal_is_the_same_either_way(clients: tuple[Any, Any]) -> None:
    refusals = []
    for client in clients:
        with pytest.raises(ClientError) as refusal:
            client.query(TableName="elsewhere", **CALLS["query"])
        refusals.append(refusal.value.response["Error"]["Code"])

    assert refusals == ["ResourceNotFoundException"] * 2


@pytest.mark.parametrize("body", ["", "<html>", '{"Items": ', "[]", '"Items"', '{"Items": null}'])
def test_an_invalid_answer_fails_or_is_read_the_same_either_way(body: str) -> None:
    outcomes = []
    for prepare in (lambda client: client, with_items_as_sent):
        client = prepare(new_plain_client())  # type: ignore[no-untyped-call]  # mypy infers no type for lambdas of a tuple

        def answered(**_: Any) -> AWSResponse:
            return faults.answer(200, body)()

        client.meta.events.register("before-send.dynamodb", answered)
        try:
            outcome: Any = client.query(TableName="wire", **CALLS["query"])
            del outcome["ResponseMetadata"]
        except (ResponseParserError, AttributeError, TypeError) as error:
            outcome = type(error)
        outcomes.append(outcome)

    assert outcomes[0] == outcomes[1]
