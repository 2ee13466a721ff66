"""From a SCIM request to the application: table, stream, publisher, bus, and the consumer that docs/events gives."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from unittest.mock import patch

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws
from moto.events.models import EventPattern

from adapters.events.event_bus import EventBus
from adapters.logs.log import Log
from adapters.secrets.accounts import Accounts
from domain.documents import Json
from domain.events.kinds import EventKind
from handlers.environment.publisher import PublisherEnvironment
from handlers.environment.service import ServiceEnvironment
from handlers.jobs.publisher import Publisher
from handlers.service import Service
from operations.table_creation import table_definition
from support.event_schemas import FOLDER, validate
from support.group_work import GroupWork
from support.in_process import ENVIRONMENT, Client, InProcess, TwinTable, new_clients
from support.lambda_context import LambdaContext
from support.resolved_template import ResolvedTemplate
from support.stack_template import RESOURCES, written

PREFIX = ENVIRONMENT["CONNECTOR_SECRET_PREFIX"]
OF_THE_PUBLISHER = {"EVENT_BUS_NAME": "users", "EVENT_ISSUER": "https://scim.example.com/scim/v2"}


@dataclass
class Deployment:
    """A table with its stream, and what was put on the bus."""

    client: Client
    publisher: Publisher
    published: list[Json] = field(default_factory=list)

    def deliver(self) -> None:
        """Act as Lambda: hand the records that the mapping's filter lets through to the publisher."""
        # moto knows the streams by the address without the account.
        streams = boto3.client("dynamodbstreams", config=Config(account_id_endpoint_mode="disabled"))
        [stream] = streams.list_streams(TableName=ENVIRONMENT["TABLE_NAME"])["Streams"]
        [shard] = streams.describe_stream(StreamArn=stream["StreamArn"])["StreamDescription"]["Shards"]
        iterator = streams.get_shard_iterator(
            StreamArn=stream["StreamArn"], ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = streams.get_records(ShardIterator=iterator)["Records"]
        [wanted] = RESOURCES["PublisherStream"]["Properties"]["FilterCriteria"]["Filters"]
        conditions = json.loads(wanted["Pattern"])["dynamodb"]["Keys"]["pk"]["S"]
        suffixes = tuple(condition["suffix"] for condition in conditions)
        let_through = [one for one in records if one["dynamodb"]["Keys"]["pk"]["S"].endswith(suffixes)]
        assert len(let_through) < len(records)
        event = json.loads(json.dumps({"Records": let_through}, default=datetime.timestamp))
        assert self.publisher(event, LambdaContext()) == {"batchItemFailures": []}

    def remember(self, params: Json, **_: object) -> None:
        """Called with each request to the bus; what comes out of it has EventBridge's envelope."""
        for entry in params["Entries"]:
            assert entry["EventBusName"] == OF_THE_PUBLISHER["EVENT_BUS_NAME"]
            detail = json.loads(entry["Detail"])
            self.published.append({"source": entry["Source"], "detail-type": entry["DetailType"], "detail": detail})

    def received(self, template: str, **parameters: str) -> list[Json]:
        """Events that the rule of a template in docs/events passes to the application."""
        consumer = ResolvedTemplate(parameters, written((FOLDER / template).read_text()))
        wanted = consumer.document["Resources"]["Rule"]["Properties"]["EventPattern"]
        pattern = EventPattern.load(json.dumps(consumer.value(wanted)))
        return [event for event in self.published if pattern.matches_event(event)]  # type: ignore[arg-type]  # moto requires a TypedDict


@pytest.fixture
def deployment() -> Iterator[Deployment]:
    with patch.dict(os.environ, ENVIRONMENT | OF_THE_PUBLISHER), mock_aws():
        clients = new_clients()
        definition: Any = table_definition(ENVIRONMENT["TABLE_NAME"])
        stream = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
        clients.dynamodb.create_table(**(definition | {"StreamSpecification": stream}))
        boto3.client("events").create_event_bus(Name="users")
        accounts = Accounts(clients.secretsmanager, PREFIX, lambda: "test")
        service = Service.over(clients, ServiceEnvironment.from_env(), Log.to_output())
        running = InProcess(service, clients, TwinTable(), accounts)
        environment = PublisherEnvironment.from_env()
        bus = EventBus(clients.events, environment.event_bus)
        publisher = Publisher(bus, GroupWork().open, environment.issuer, environment.personal_data, service.log)
        deployment = Deployment(running.account("acme"), publisher)
        clients.events.meta.events.register("provide-client-params.events.PutEvents", deployment.remember)
        yield deployment


@pytest.mark.parametrize("template", ["consumer.yaml", "webhook.yaml"])
def test_an_application_gets_the_events_that_it_asked_for_and_no_other(deployment: Deployment, template: str) -> None:
    scim = deployment.client
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "ann@example.com"}
    leaver = scim.call("POST", "/Users", user).body["id"]
    scim.call("PUT", f"/Users/{leaver}", user | {"title": "Guide"})
    scim.call("PUT", f"/Users/{leaver}", user | {"title": "Guide", "active": False})
    scim.call("DELETE", f"/Users/{leaver}")

    deployment.deliver()

    for event in deployment.published:
        validate(EventKind(event["detail-type"]), event["detail"])
    assert {event["detail"]["userId"] for event in deployment.published} == {leaver}
    lost = deployment.received(template, Events="loss-of-access")
    assert [(one["source"], one["detail-type"], one["detail"]["account"]) for one in lost] == [
        ("rollcall", "UserDeactivated", "acme"),
        ("rollcall", "UserDeprovisioned", "acme"),
    ]
    assert deployment.received(template) == deployment.published
    assert deployment.received(template, Events="loss-of-access", Account="acme") == lost
    assert deployment.received(template, Account="acm") == []


def test_no_event_holds_a_name_or_an_address(deployment: Deployment) -> None:
    user = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "canary@example.com"}
    leaver = deployment.client.call("POST", "/Users", user).body["id"]
    deployment.client.call("DELETE", f"/Users/{leaver}")

    deployment.deliver()

    assert len(deployment.published) == 2
    assert "canary" not in json.dumps(deployment.published)
