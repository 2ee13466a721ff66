"""The service in a process of its own, for a load: what `make run` serves, with the logs that Lambda would write.

    python bench/load_service.py DYNAMODB_ENDPOINT PEOPLE

Writes one line of JSON (address, key, ids of the people it was filled with) to standard error, and to standard output
what the functions write. Ends when its standard input does.
"""

from __future__ import annotations

import json
import os
import sys
from uuid import uuid4

from identity_providers import Person

from adapters import clock, telemetry
from adapters.runtime import RUNTIME
from cli.local_service import LocalService
from domain import resource
from domain.deprovisioning import Limit
from domain.stored_user import StoredUser
from storage.loading import load


def main() -> None:
    """Serve until nobody holds the other end of standard input."""
    endpoint, people = sys.argv[1], int(sys.argv[2])
    with LocalService(dynamodb_endpoint=endpoint) as service:
        # As deployed: log lines and metrics on standard output, keys cached for a minute.
        for name in ("ACTIVITY_FILE", "POWERTOOLS_METRICS_DISABLED", "CONNECTOR_CACHE_SECONDS"):
            os.environ.pop(name, None)
        # The guard counts, but does not hold back: this load deprovisions more than a real hour does.
        service.accounts.configure("default", deprovisioning_limit=Limit(1_000_000))
        RUNTIME.forget()
        telemetry.forget()
        users = _people(people)
        load(RUNTIME.table, "default", users)
        state = {"url": service.base_url, "key": service.key.text, "ids": [user.id for user in users]}
        print(json.dumps(state), file=sys.stderr, flush=True)
        sys.stdin.read()


def _people(count: int) -> list[StoredUser]:
    now = clock.now()
    bodies = (Person(number).body() for number in range(count))
    return [StoredUser.new(str(uuid4()), resource.attributes_of(body), now) for body in bodies]


if __name__ == "__main__":
    main()
