"""An HTTP request as API Gateway hands it to a Lambda function: the REST API proxy event (payload version 1.0).

The local gateway and the generator of `events/` share this one function, so that both show handlers the same event.
https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import uuid4

Event = dict[str, Any]

_LOCAL_ACCOUNT: Final = "123456789012"


def proxy_event(
    method: str,
    path: str,
    raw_query: str,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    *,
    resource: str,
    path_parameters: Mapping[str, str] | None,
    stage: str = "local",
    domain: str = "127.0.0.1:8080",
    scheme: str = "http",
    path_prefix: str = "",
    source_ip: str = "127.0.0.1",
    request_id: str | None = None,
    received: datetime | None = None,
) -> Event:
    """The event of one request.

    `path` and `path_parameters` are as sent, percent-encoding and all, since the gateway does not decode them; `path`
    begins at the API's root. `raw_query` is what follows the "?": it is decoded here, once, form-style ("+" is a
    space). `headers` are (name, value) pairs; a name may come twice. `resource` is the template's path, such as
    "/scim/v2/Users/{id}". `path_prefix` is what the client's URL has before `path`: "/<stage>" at the API's own
    domain, "" at a custom domain and here.

    A body that is not UTF-8 goes base64-encoded; no body at all is None. `request_id` and `received` are chosen and
    now, unless given.
    """
    added = _added_by_the_gateway(scheme, domain, source_ip)
    replaced = {name.lower() for name, _ in added}
    all_headers = _grouped([*(pair for pair in headers if pair[0].lower() not in replaced), *added])
    all_parameters = _grouped(parse_qsl(raw_query, keep_blank_values=True, errors="replace"))
    text, is_base64_encoded = _body(body)
    at = received or datetime.now(UTC)
    return {
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": _last(all_headers),
        "multiValueHeaders": all_headers,
        "queryStringParameters": _last(all_parameters) or None,
        "multiValueQueryStringParameters": all_parameters or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": {
            "accountId": _LOCAL_ACCOUNT,
            "apiId": "local",
            "domainName": domain,
            "domainPrefix": domain.partition(".")[0],
            "extendedRequestId": "local",
            "httpMethod": method,
            "identity": {"sourceIp": source_ip, "userAgent": _value(all_headers, "user-agent")},
            "path": path_prefix + path,
            "protocol": "HTTP/1.1",
            "requestId": request_id or str(uuid4()),
            "requestTime": at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
            "requestTimeEpoch": int(at.timestamp() * 1000),
            "resourceId": "local",
            "resourcePath": resource,
            "stage": stage,
        },
        "body": text,
        "isBase64Encoded": is_base64_encoded,
    }


def _added_by_the_gateway(scheme: str, domain: str, source_ip: str) -> list[tuple[str, str]]:
    _, _, port = domain.partition(":")
    return [
        ("Host", domain),
        ("X-Forwarded-For", source_ip),
        ("X-Forwarded-Port", port or ("443" if scheme == "https" else "80")),
        ("X-Forwarded-Proto", scheme),
    ]


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Every value of each name. Headers that differ in case alone stay apart, as they do at the gateway."""
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _last(grouped: Mapping[str, list[str]]) -> dict[str, str]:
    """The last value of each name, which is the one that the gateway puts into the single-valued member."""
    return {name: values[-1] for name, values in grouped.items()}


def _value(headers: Mapping[str, list[str]], name: str) -> str | None:
    return next((values[-1] for given, values in headers.items() if given.lower() == name), None)


def _body(body: bytes) -> tuple[str | None, bool]:
    if not body:
        return None, False
    try:
        return body.decode("utf-8"), False
    except UnicodeDecodeError:
        return b64encode(body).decode("ascii"), True
