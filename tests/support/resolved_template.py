"""The values that a deployed stack would have in the template: names, ARNs and parameters instead of references."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from support.stack_template import Document, template

ACCOUNT: Final = "123456789012"
REGION: Final = "us-east-1"
STACK: Final = "rollcall"
_LEFT_OUT: Final = "AWS::NoValue"
_PSEUDO: Final = {
    "AWS::AccountId": ACCOUNT,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": STACK,
    "AWS::URLSuffix": "amazonaws.com",
}
_NAMES: Final = {
    "AWS::Events::EventBus": "Name",
    "AWS::Logs::LogGroup": "LogGroupName",
    "AWS::SecretsManager::Secret": "Name",
}
"""The property that names a resource of that type; the others have their logical id as name."""
_ARNS: Final = {
    "AWS::DynamoDB::Table": "dynamodb:{region}:{account}:table/{name}",
    "AWS::Events::EventBus": "events:{region}:{account}:event-bus/{name}",
    "AWS::IAM::Role": "iam::{account}:role/{name}",
    "AWS::Lambda::Function": "lambda:{region}:{account}:function:{name}",
    "AWS::Lambda::Version": "lambda:{region}:{account}:function:{name}:2",
    "AWS::Logs::LogGroup": "logs:{region}:{account}:log-group:{name}:*",
    "AWS::SQS::Queue": "sqs:{region}:{account}:{name}",
    "AWS::SecretsManager::Secret": "secretsmanager:{region}:{account}:secret:{name}-AbCdEf",
}
_REFERRED_TO_BY_ARN: Final = ("AWS::Lambda::Version", "AWS::SecretsManager::Secret")


@dataclass(frozen=True)
class ResolvedTemplate:
    """Both stacks with their parameters; those that are not given have their defaults."""

    given: Mapping[str, Any] = field(default_factory=dict)
    document: Document = field(default_factory=template)

    def of_type(self, resource_type: str) -> dict[str, Any]:
        """The properties of the resources of a type, by logical id."""
        resources = self.document["Resources"]
        return {
            name: self.value(one.get("Properties", {}))
            for name, one in resources.items()
            if one["Type"] == resource_type
        }

    def properties(self, name: str) -> Any:
        """The properties of a resource."""
        return self.value(self.document["Resources"][name].get("Properties", {}))

    def value(self, written: Any) -> Any:
        """A value of the template; members that CloudFormation leaves out are left out."""
        match written:
            case {"Ref": str() as name}:
                return self._ref(name)
            case {"Fn::GetAtt": [name, attribute]}:
                return self._attribute(name, attribute)
            case {"Fn::Sub": str() as text}:
                return self._text(text, {})
            case {"Fn::Sub": [str() as text, dict() as named]}:
                return self._text(text, named)
            case {"Fn::If": [name, yes, no]}:
                return self.value(yes if self.holds({"Condition": name}) else no)
            case {"Fn::Split": [separator, text]}:
                return str(self.value(text)).split(separator)
            case {"Fn::Join": [separator, parts]}:
                return separator.join(map(str, self.value(parts)))
            case dict():
                members = {name: self.value(inner) for name, inner in written.items()}
                return {name: inner for name, inner in members.items() if inner != _LEFT_OUT}
            case list():
                return [inner for inner in map(self.value, written) if inner != _LEFT_OUT]
        return written

    def holds(self, condition: Any) -> bool:
        """True if a condition of the template does."""
        match condition:
            case {"Condition": str() as name}:
                return self.holds(self.document["Conditions"][name])
            case {"Fn::Equals": [left, right]}:
                return str(self.value(left)) == str(self.value(right))
            case {"Fn::Not": [inner]}:
                return not self.holds(inner)
            case {"Fn::And": inner}:
                return all(map(self.holds, inner))
            case {"Fn::Or": inner}:
                return any(map(self.holds, inner))
        raise NotImplementedError(condition)

    def arn(self, name: str) -> str:
        """The ARN of a resource."""
        kind = self.document["Resources"][name]["Type"]
        named = self._name(name)
        return "arn:aws:" + _ARNS[kind].format(region=REGION, account=ACCOUNT, name=named)

    def _ref(self, name: str) -> Any:
        if name == _LEFT_OUT:
            return _LEFT_OUT
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self.document["Parameters"]:
            return self.given.get(name, self.document["Parameters"][name].get("Default", ""))
        if name not in self.document["Resources"]:
            return name  # a resource that the emulator lacks
        kind = self.document["Resources"][name]["Type"]
        return self.arn(name) if kind in _REFERRED_TO_BY_ARN else self._name(name)

    def _attribute(self, name: str, attribute: str) -> str:
        match attribute:
            case "Arn":
                return self.arn(name)
            case "StreamArn":
                return self.arn(name) + "/stream/2030-01-01T00:00:00.000"
        return f"{name}.{attribute}"

    def _name(self, name: str) -> str:
        resource = self.document["Resources"][name]
        if resource["Type"] == "AWS::Lambda::Version":
            return str(self.value(resource["Properties"]["FunctionName"]))
        written = resource.get("Properties", {}).get(_NAMES.get(resource["Type"], ""))
        return str(self.value(written)) if written else name

    def _text(self, text: str, named: Mapping[str, Any]) -> str:
        def replaced(found: re.Match[str]) -> str:
            name, _, attribute = found[1].partition(".")
            if name in named:
                return str(self.value(named[name]))
            return str(self._attribute(name, attribute) if attribute else self._ref(name))

        return re.sub(r"\$\{([^}!]+)\}", replaced, text)
