"""The part of IAM's policy language that the templates use, and the actions that a call of an AWS API needs.

Anything else in a policy raises `NotImplementedError`: what is not understood must not count as allowed. A transaction
needs the actions of its parts, each for the keys of all its items with that action
(Amazon DynamoDB Developer Guide, "Using IAM with DynamoDB transactions").
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from support.resolved_template import ACCOUNT, REGION, ResolvedTemplate

LEADING_KEYS: Final = "dynamodb:LeadingKeys"
VIA_SERVICE: Final = "kms:ViaService"


@dataclass(frozen=True)
class Need:
    """An action on a resource; `leading_keys` are the partition keys of the items."""

    action: str
    resource: str
    leading_keys: frozenset[str] = frozenset()

    def __str__(self) -> str:
        keys = f" keys {', '.join(sorted(self.leading_keys))}" if self.leading_keys else ""
        return f"{self.action} on {self.resource}{keys}"


@dataclass(frozen=True)
class Grant:
    """One action of one statement of a role."""

    sid: str
    action: str
    resources: tuple[str, ...]
    condition: Mapping[str, Mapping[str, Any]]

    def allows(self, need: Need) -> bool:
        """True if this grant allows all of it."""
        return (
            self.action.lower() == need.action.lower()
            and any(_like(need.resource, pattern) for pattern in self.resources)
            and all(
                _holds(operator, key, _listed(wanted), need)
                for operator, tests in self.condition.items()
                for key, wanted in tests.items()
            )
        )


def _like(text: str, pattern: str) -> bool:
    # In IAM only * and ? are special; fnmatch also knows [.
    return fnmatchcase(text, pattern.replace("[", "[[]"))


def _holds(operator: str, key: str, wanted: list[str], need: Need) -> bool:
    if key == VIA_SERVICE:
        return False  # a service calls KMS for the function, which itself never does
    if key != LEADING_KEYS:
        raise NotImplementedError(key)
    match operator:
        case "ForAllValues:StringLike":
            return all(any(_like(found, pattern) for pattern in wanted) for found in need.leading_keys)
        case "ForAllValues:StringEquals":
            return need.leading_keys <= set(wanted)
        case "Null":
            return (not need.leading_keys) is (wanted == ["true"])
    raise NotImplementedError(operator)


def _listed(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


def grants(stack: ResolvedTemplate, role: str) -> list[Grant]:
    """Everything that a role allows, one action at a time."""
    properties = stack.document["Resources"][role]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    for managed in properties.get("ManagedPolicyArns", []):
        documents.append(stack.document["Resources"][managed["Ref"]]["Properties"]["PolicyDocument"])
    return [grant for document in documents for grant in granted(stack.value(document))]


def granted(document: Any) -> Iterator[Grant]:
    """Everything that a resolved policy document allows, one action at a time."""
    for statement in document["Statement"]:
        if statement.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"} or statement["Effect"] != "Allow":
            raise NotImplementedError(statement)
        for action in _listed(statement["Action"]):
            if "*" in action:
                raise NotImplementedError(action)
            yield Grant(statement["Sid"], action, tuple(_listed(statement["Resource"])), statement.get("Condition", {}))


_OF_A_PART: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_OF_A_SECRET: Final = (
    "CreateSecret",
    "DeleteSecret",
    "DescribeSecret",
    "GetSecretValue",
    "PutSecretValue",
    "RestoreSecret",
    "UpdateSecretVersionStage",
)


def needs(service: str, operation: str, parameters: Mapping[str, Any]) -> list[Need]:
    """The actions that a call needs; raises `NotImplementedError` for a call that is not known here."""
    match service, operation:
        case "dynamodb", _:
            return list(_of_a_table(operation, parameters))
        case "secretsmanager", "ListSecrets":
            return [Need("secretsmanager:ListSecrets", "*")]
        case "secretsmanager", operation if operation in _OF_A_SECRET:
            return [Need(f"secretsmanager:{operation}", _secret(parameters.get("SecretId") or parameters["Name"]))]
        case "events", "PutEvents":
            buses = {entry["EventBusName"] for entry in parameters["Entries"]}
            return [Need("events:PutEvents", _arn("events", f"event-bus/{bus}")) for bus in buses]
        case "logs", "StartQuery":
            groups = parameters.get("logGroupNames") or [parameters["logGroupName"]]
            return [Need("logs:StartQuery", _arn("logs", f"log-group:{group}:log-stream:")) for group in groups]
        case "logs", "GetQueryResults":
            return [Need("logs:GetQueryResults", "*")]
        case "lambda", "Invoke":
            return [Need("lambda:InvokeFunction", parameters["FunctionName"])]
        case "codedeploy", "PutLifecycleEventHookExecutionStatus":
            group = _arn("codedeploy", "deploymentgroup:ServerlessDeploymentApplication/CreateUser")
            return [Need(f"codedeploy:{operation}", group)]
    raise NotImplementedError(f"{service}:{operation}")


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


def _secret(name: str) -> str:
    """The ARN of the secret; Secrets Manager adds six characters to its name."""
    return name if name.startswith("arn:") else _arn("secretsmanager", f"secret:{name}-AbCdEf")


def _of_a_table(operation: str, parameters: Mapping[str, Any]) -> Iterator[Need]:
    keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for action, table, key in _items(operation, parameters):
        keys[action, table].add(key)
    for (action, table), leading in keys.items():
        yield Need(f"dynamodb:{action}", _arn("dynamodb", f"table/{table}"), frozenset(leading))


def _items(operation: str, parameters: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
    """Action, table and partition key of each item that a call names."""
    match operation:
        case "TransactWriteItems" | "TransactGetItems":
            for part in parameters["TransactItems"]:
                [(kind, item)] = part.items()
                yield _OF_A_PART[kind], item["TableName"], _partition(item)
        case "BatchGetItem":
            for table, asked in parameters["RequestItems"].items():
                for key in asked["Keys"]:
                    yield operation, table, key["pk"]["S"]
        case "Query":
            condition: str = parameters["KeyConditionExpression"]
            assert condition.startswith("pk = :pk"), condition
            yield operation, parameters["TableName"], parameters["ExpressionAttributeValues"][":pk"]["S"]
        case "GetItem" | "PutItem" | "UpdateItem" | "DeleteItem":
            yield operation, parameters["TableName"], _partition(parameters)
        case _:
            raise NotImplementedError(f"dynamodb:{operation}")


def _partition(item: Mapping[str, Any]) -> str:
    key: str = (item.get("Key") or item["Item"])["pk"]["S"]
    return key
