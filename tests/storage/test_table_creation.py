"""Creation of the local table on an engine that is slow to answer."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from moto import mock_aws

from operations.table_creation import TableUnresponsive, make_table
from support import faults
from support.engines import new_client
from support.faults import FaultyClient


@pytest.fixture
def slow() -> Iterator[FaultyClient]:
    with mock_aws():
        yield FaultyClient(new_client())


@pytest.mark.parametrize("fault", [faults.BREAKING[0], faults.BREAKING[1], faults.LOST[0]], ids=str)
def test_a_slow_engine_is_asked_again(slow: FaultyClient, fault: faults.Fault) -> None:
    slow.once(fault, fault)

    make_table(slow.client, "slow")

    assert slow.struck == 2
    assert slow.client.list_tables()["TableNames"] == ["slow"]


def test_an_existing_table_is_kept(slow: FaultyClient) -> None:
    make_table(slow.client, "slow")
    slow.client.put_item(TableName="slow", Item={"pk": {"S": "a#USER"}, "sk": {"S": "1"}})

    make_table(slow.client, "slow")

    assert slow.client.scan(TableName="slow")["Count"] == 1


def test_creation_gives_up_after_a_minute_without_answers(slow: FaultyClient) -> None:
    slow.always(faults.BREAKING[0])
    seconds = count(step=10.0)

    with pytest.raises(TableUnresponsive):
        make_table(slow.client, "slow", lambda: next(seconds))

    assert slow.struck == 6
