"""The wires of the templates that no emulator checks: who may invoke whom, and what an alias and a role stand for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from support.iam import grants
from support.resolved_template import ResolvedTemplate
from support.stack_template import Document, flattened

_ANY = "x-amazon-apigateway-any-method"


def together(documents: Mapping[str, Document]) -> Document:
    """Both stacks as one template; `documents` as `stack_template.templates` has them."""
    root = documents[""]
    for name in filter(None, documents):
        root = flattened(root, documents[name], root["Resources"][name]["Properties"]["Parameters"])
    return root


def loose_wires(document: Document) -> list[str]:
    """What is wired wrongly in a template, a line for each."""
    return [*_routes(document), *_aliases(document), *_roles(document), *_schedules(document)]


def _of_type(document: Document, kind: str) -> dict[str, Any]:
    return {name: one["Properties"] for name, one in document["Resources"].items() if one["Type"] == kind}


def _routes(document: Document) -> Iterator[str]:
    """Each integration needs a permission for its method and path, to invoke the alias that it names."""
    allowed = {
        (permission["FunctionName"].get("Ref"), *_method_and_path(permission["SourceArn"]))
        for permission in _of_type(document, "AWS::Lambda::Permission").values()
        if permission["Principal"] == "apigateway.amazonaws.com"
    }
    for api in _of_type(document, "AWS::ApiGateway::RestApi").values():
        for path, operations in _where_switched_on(api["Body"]["paths"]).items():
            for method, operation in operations.items():
                uri = operation["x-amazon-apigateway-integration"]["uri"]["Fn::Sub"]
                [alias] = re.findall(r"functions/\$\{(\w+)\}/invocations", uri)
                # The emulator needs a route for each method in the place of ANY.
                wanted = {(alias, verb, re.sub(r"\{[^}]+\}", "*", path)) for verb in (method.upper(), "*")}
                if method == _ANY:
                    wanted = {(alias, "*", re.sub(r"\{[^}]+\}", "*", path))}
                if not wanted & allowed:
                    yield f"the API may not invoke {alias} for {method} {path}"


def _where_switched_on(value: Any) -> Any:
    """The value with what each condition chooses where it is true.

    SAM makes the paths, methods and addresses of a function conditional when the function is.
    """
    match value:
        case {"Fn::If": [_, chosen, _]}:
            return _where_switched_on(chosen)
        case dict():
            return {name: _where_switched_on(each) for name, each in value.items()}
    return value


def _method_and_path(arn: Any) -> tuple[str, str]:
    text = arn["Fn::Sub"][0] if isinstance(arn["Fn::Sub"], list) else arn["Fn::Sub"]
    _, method, path = text.split("${__Stage__}")[1].split("/", 2)
    return method, "/" + path


def _aliases(document: Document) -> Iterator[str]:
    """An alias shows a version of its own function."""
    versions = _of_type(document, "AWS::Lambda::Version")
    for name, alias in _of_type(document, "AWS::Lambda::Alias").items():
        version = alias["FunctionVersion"]["Fn::GetAtt"][0]
        if versions[version]["FunctionName"] != alias["FunctionName"]:
            yield f"{name} shows a version of another function"


def _roles(document: Document) -> Iterator[str]:
    """Lambda may assume the role of each function."""
    roles = _of_type(document, "AWS::IAM::Role")
    for name, function in _of_type(document, "AWS::Lambda::Function").items():
        [trust] = roles[function["Role"]["Fn::GetAtt"][0]]["AssumeRolePolicyDocument"]["Statement"]
        if trust["Principal"] != {"Service": "lambda.amazonaws.com"} or trust["Action"] != "sts:AssumeRole":
            yield f"Lambda may not assume the role of {name}"


def _schedules(document: Document) -> Iterator[str]:
    """Each target of a rule is a function that the rule may invoke."""
    permissions = [
        (permission["FunctionName"].get("Ref"), permission.get("SourceArn", {}).get("Fn::GetAtt", [None])[0])
        for permission in _of_type(document, "AWS::Lambda::Permission").values()
        if permission["Principal"] == "events.amazonaws.com"
    ]
    for name, rule in _of_type(document, "AWS::Events::Rule").items():
        for target in rule["Targets"]:
            if (target["Arn"]["Fn::GetAtt"][0], name) not in permissions:
                yield f"{name} may not invoke {target['Arn']['Fn::GetAtt'][0]}"


def denied(document: Document, calls: Mapping[str, Any]) -> list[str]:
    """Which of the recorded calls the roles of a template do not allow."""
    stack = ResolvedTemplate(document=document)
    found = []
    for function, needed in calls.items():
        allowed = grants(stack, document["Resources"][function]["Properties"]["Role"]["Fn::GetAtt"][0])
        found += [f"{function}: {need}" for need in needed if not any(grant.allows(need) for grant in allowed)]
    return found
