"""Rotation under load: neither the new key nor the one before it is refused, until it is revoked."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event

from local.service import LocalService
from support.people import user
from support.scim_http import ScimClient

THREADS = 8
ROTATIONS = 3


def test_no_request_fails_while_keys_are_rotated_and_a_revoked_key_is_refused(
    client: ScimClient, service: LocalService
) -> None:
    account = client.key.split("_")[1]
    keys = [client.key]
    created = client.create(user())
    statuses: Counter[int] = Counter()
    together = Barrier(THREADS + 1)

    def load(done: Event) -> list[int]:
        seen = []
        together.wait()
        while not done.is_set():
            # The keys known before the request: the current one and, after a rotation, the one it took the place of.
            for key in list(keys):
                one = replace(client, key=key)
                seen += [one.get(f"/Users/{created['id']}").status, one.get("/Users").status]
        return seen

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(ROTATIONS):
            done = Event()
            running = [pool.submit(load, done) for _ in range(THREADS)]
            together.wait()
            try:
                keys.append(service.accounts.rotate_key(account).connector.current.key.text)
                for key in keys:
                    statuses[replace(client, key=key).get("/Users").status] += 1
            finally:
                done.set()
            for each in running:
                statuses.update(each.result())
            # No thread is working now: the previous key is dropped, as the next rotation would do at once.
            assert service.accounts.revoke_previous(account).changed
            assert replace(client, key=keys.pop(0)).get("/Users").status == 401
            assert replace(client, key=keys[0]).get("/Users").status == 200

    assert statuses.keys() == {200}
    assert statuses[200] >= ROTATIONS * 2


def test_the_use_of_the_previous_key_is_counted_until_it_is_revoked(client: ScimClient, service: LocalService) -> None:
    account = client.key.split("_")[1]
    new = replace(client, key=service.accounts.rotate_key(account).connector.current.key.text)

    for _ in range(3):
        client.get("/Users")
    new.get("/Users")
    service.accounts.revoke_previous(account)
    client.get("/Users")

    lines = [json.loads(line) for line in service.activity_file.read_text(encoding="utf-8").splitlines()]
    used = [line["key_used"] for line in lines if line.get("account") == account and "key_used" in line]
    assert used == ["previous"] * 3 + ["current"]
