"""The routes of template.yaml, as `sam local start-api` serves them."""

from __future__ import annotations

import re

import httpx
import pytest

from support.sam_api import SamApi
from support.stack_template import OF_THE_API, RESOURCES

pytestmark = [pytest.mark.sam_local, pytest.mark.timeout(300)]

ROUTES = {
    (event["Properties"]["Method"], event["Properties"]["Path"]): function
    for function in OF_THE_API
    for event in RESOURCES[function]["Properties"]["Events"].values()
    if event["Properties"]["Method"] != "ANY"
}
LEFT = {("DELETE", "/scim/v2/Users"): "Unrouted", ("GET", "/scim/v2/Me"): "Unrouted"}
"""Another method, another path."""


@pytest.mark.parametrize(("method", "path"), ROUTES | LEFT)
def test_a_route_is_served_by_its_own_function(sam_api: SamApi, method: str, path: str) -> None:
    address = sam_api.base_url.removesuffix("/scim/v2") + path.replace("{id}", "1")

    # Without a key: it is about who answers.
    answer = httpx.request(method, address, timeout=60)

    assert answer.status_code == 401
    module = re.findall(r"Invoking handlers\.(\w+)\.handler", sam_api.log.read_text(encoding="utf-8"))[-1]
    assert module.title().replace("_", "") == (ROUTES | LEFT)[method, path]
