"""The service in its own process, for a load: what `make run` serves, with the logs that Lambda would write.

    python bench/load_service.py DYNAMODB_ENDPOINT PEOPLE REQUESTS_PER_SECOND ACCOUNT...

Fills each account with people. Writes one line of JSON (address; of each account key and ids of its people) to standard
error, and to standard output what the functions write. Ends when its standard input does.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from uuid import uuid4

from identity_providers import Person

from adapters import clock
from adapters.logs.log import Log
from domain.accounts.deprovisioning import Limit
from domain.accounts.rate import Rate
from domain.resources import body as resource
from domain.resources.stored_user import StoredUser
from domain.resources.user_schema import USER
from local.service import ENVIRONMENT, LocalService
from support.loading import load


def main() -> None:
    """Serve until the other end of standard input is closed."""
    endpoint, people, rate, *accounts = sys.argv[1:]
    # As deployed: log lines and metrics on standard output, keys cached for a minute.
    environment = replace(ENVIRONMENT, connector_cache_seconds=60)
    with LocalService(dynamodb_endpoint=endpoint, environment=environment, log=Log.to_output()) as service:
        filled = {}
        for account in accounts:
            key = service.accounts.enable(account).connector.current.key.text
            # The guard counts, but does not hold back: this load deprovisions more than a real hour does.
            service.accounts.configure(account, deprovisioning_limit=Limit(1_000_000), rate=Rate(int(rate)))
            users = _people(int(people))
            load(service.table, account, users)
            filled[account] = {"key": key, "ids": [user.id for user in users]}
        print(json.dumps({"url": service.base_url, "accounts": filled}), file=sys.stderr, flush=True)
        sys.stdin.read()


def _people(count: int) -> list[StoredUser]:
    now = clock.now()
    bodies = (Person(number).body() for number in range(count))
    return [StoredUser.new(str(uuid4()), resource.attributes_of(body, USER), now) for body in bodies]


if __name__ == "__main__":
    main()
