"""GET /Users/{id} as Powertools' own documentation and the public sample applications write such a function."""

from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, UnauthorizedError
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities import parameters
from aws_lambda_powertools.utilities.parser import BaseModel, parse

logger = Logger(service="users")
tracer = Tracer(service="users")
metrics = Metrics(namespace="Users", service="users")
app = APIGatewayRestResolver(enable_validation=True, strip_prefixes=["/scim/v2"])
table = boto3.resource("dynamodb").Table("users")


class Connector(BaseModel):
    current: dict[str, Any]


class User(BaseModel):
    sk: str
    document: str


@app.get("/Users/<user_id>")
@tracer.capture_method
def get_user(user_id: str) -> User:
    connector = parse(parameters.get_secret("bench/connectors/default", max_age=60), Connector)
    if connector.current["key"] != app.current_event.headers["Authorization"].removeprefix("Bearer "):
        raise UnauthorizedError("wrong key")
    item = table.get_item(Key={"pk": "default#USER", "sk": user_id}).get("Item")
    if item is None:
        raise NotFoundError("no such user")
    metrics.add_metric("UsersRead", MetricUnit.Count, 1)
    return parse(item, User)


@logger.inject_lambda_context
@tracer.capture_lambda_handler
@metrics.log_metrics(capture_cold_start_metric=True)
def handler(event, context):
    return app.resolve(event, context)
