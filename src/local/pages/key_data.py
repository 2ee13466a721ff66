"""The Connector Key of an account, for the page API, which sends requests with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus

from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from domain.accounts.connector_key import InvalidAccountName
from domain.documents import Json
from local.pages.site import Address, Call, Data, Refused


def key_data(reveal: Callable[[str], str]) -> Mapping[Address, Data]:
    """The data address of keys. `reveal` returns the key of an account, and writes that it was shown."""

    def key(call: Call) -> Json:
        account = call.body.get("account")
        if not isinstance(account, str):
            raise Refused(HTTPStatus.BAD_REQUEST, "account is a text.")
        try:
            return {"key": reveal(account)}
        except (AdministrationError, ConnectorUnavailable, InvalidAccountName) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error

    return {("POST", "/data/key"): key}
