"""Every recorded or documented request of JumpCloud, Entra ID and Okta is answered as its sender needs it."""

from __future__ import annotations

import pytest

from local.service import LocalService
from operations.simulation.recorded import RecordedRequest
from support.scim_http import LIST, ScimClient
from support.wire_checks import CHECKS, check_by_status, echoes, finds_no_user
from support.wire_requests import GIVEN, REQUESTS, play


@pytest.mark.parametrize("request_", REQUESTS, ids=str)
def test_an_identity_providers_request_is_answered_as_it_needs(client: ScimClient, request_: RecordedRequest) -> None:
    played = play(request_, client)

    assert played.answer.status == request_.expect_status, played.answer.text
    check_by_status(played)
    for check in CHECKS.get(str(request_), ()):
        check(played)


GROUP_REQUESTS = [request for request in REQUESTS if request.path.startswith("/Groups")]


@pytest.mark.parametrize("request_", GROUP_REQUESTS, ids=str)
def test_a_request_about_groups_is_served_where_they_are_on(
    service: LocalService, client: ScimClient, request_: RecordedRequest
) -> None:
    """The same lines, which expect a 404 while groups are off."""
    assert request_.expect_status == 404
    service.accounts.configure(client.key.split("_")[1], groups=True)

    played = play(request_, client)

    if request_.method == "GET":
        assert played.answer.status == 200, played.answer.text
        finds_no_user(played)
        assert played.answer.json["schemas"] == [LIST]
        assert [type(played.answer.json[name]) for name in ("totalResults", "itemsPerPage", "startIndex")] == [int] * 3
    else:
        assert played.answer.status == 201, played.answer.text
        assert echoes(played.answer.json, request_.body or {})
        assert client.get(f"/Groups/{played.answer.json['id']}").json == played.answer.json


# On the twin: the requests are the same, and so is what they read and write.
@pytest.mark.parametrize("service", ["twin"], indirect=True, scope="module")
@pytest.mark.parametrize("request_", [each for each in REQUESTS if each not in GROUP_REQUESTS], ids=str)
def test_a_request_about_users_is_answered_alike_where_groups_are_on(
    service: LocalService, client: ScimClient, request_: RecordedRequest
) -> None:
    service.accounts.configure(client.key.split("_")[1], groups=True)

    played = play(request_, client)

    assert played.answer.status == request_.expect_status, played.answer.text
    check_by_status(played)
    for check in CHECKS.get(str(request_), ()):
        check(played)


def test_the_notes_speak_of_requests_that_are_in_the_file() -> None:
    assert {*GIVEN, *CHECKS} <= {str(request) for request in REQUESTS}
