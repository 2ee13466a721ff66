"""The data of the page Simulate."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from adapters.secrets.conditional_change import AdministrationError
from adapters.secrets.connector_secrets import ConnectorUnavailable
from domain.accounts.connector_key import InvalidAccountName
from domain.documents import Json
from local.pages.site import Address, Call, Data, Refused
from local.simulations import Busy, Simulations, Wanted
from operations.simulation import MAX_USERS, PROFILES, SCENARIOS
from operations.simulation.running import ALL

_NAMES: Final = {"jumpcloud": "JumpCloud", "entra": "Microsoft Entra ID", "okta": "Okta"}


def simulation_data(simulations: Simulations) -> Mapping[Address, Data]:
    """The data addresses of simulations."""

    def state(_: Call) -> Json:
        return simulations.as_json() | {
            "profiles": [{"id": profile, "name": _NAMES.get(profile, profile)} for profile in PROFILES],
            "scenarios": [ALL, *SCENARIOS],
            "mostUsers": MAX_USERS,
        }

    def start(call: Call) -> Json:
        try:
            simulations.start(_wanted(call.body))
        except Busy:
            raise Refused(HTTPStatus.CONFLICT, "A simulation is already running: wait, or cancel it.") from None
        except (AdministrationError, ConnectorUnavailable, InvalidAccountName) as error:
            raise Refused(HTTPStatus.BAD_REQUEST, str(error)) from error
        return simulations.as_json()

    def cancel(_: Call) -> Json:
        simulations.cancel()
        return simulations.as_json()

    return {
        ("GET", "/data/simulation"): state,
        ("POST", "/data/simulation/start"): start,
        ("POST", "/data/simulation/cancel"): cancel,
    }


def _wanted(body: Json) -> Wanted:
    account, profile, scenario = body.get("account"), body.get("profile"), body.get("scenario")
    users, clean_up = body.get("users"), body.get("cleanUp", False)
    if not (isinstance(account, str) and isinstance(profile, str) and isinstance(scenario, str)):
        raise Refused(HTTPStatus.BAD_REQUEST, "account, profile and scenario must be text.")
    if not isinstance(users, int) or isinstance(users, bool) or not isinstance(clean_up, bool):
        raise Refused(HTTPStatus.BAD_REQUEST, "users must be a whole number, cleanUp must be true or false.")
    return Wanted(account, profile, scenario, users, clean_up)
