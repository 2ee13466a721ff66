"""The data of the page Requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from domain.documents import Json
from local.exchanges import MOST, Exchanges
from local.pages.site import Address, Call, Data, Refused

_MOST_POSITION: Final = 10**15


def request_data(
    exchanges: Exchanges, accounts: Callable[[], list[str]], address: Callable[[], str]
) -> Mapping[Address, Data]:
    """The data addresses of requests. `accounts` returns the names of all, `address` is that of the server."""

    def latest(call: Call) -> Json:
        """The requests after a position, oldest first."""
        position, found = exchanges.after(call.number("after", 0, _MOST_POSITION, 0))
        return {"position": position, "requests": [one.as_json() for one in found]}

    def one(call: Call) -> Json:
        found = exchanges.find(call.parameters.get("id", ""))
        if found is None:
            raise Refused(HTTPStatus.NOT_FOUND, f"This request is no longer available: only the last {MOST} are kept.")
        return found.with_bodies(address())

    def clear(_: Call) -> Json:
        exchanges.clear()
        return {}

    def names(_: Call) -> Any:
        return accounts()

    return {
        ("GET", "/data/requests"): latest,
        ("GET", "/data/request"): one,
        ("POST", "/data/requests/clear"): clear,
        ("GET", "/data/accounts"): names,
    }
