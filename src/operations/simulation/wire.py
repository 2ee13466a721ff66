"""One SCIM endpoint over HTTP, as an identity provider calls it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import httpx

from domain.errors import ERROR_URN

MAX_USERS: Final = 100_000
_SECONDS: Final = 60.0
"""How long Okta waits for an answer; the others do not say."""
_TRIES: Final = 10
"""As Okta counts them."""
_LONGEST_PAUSE: Final = 60.0
_MAX_ANSWER: Final = 16_000_000
"""Bytes of an answer: a page of a hundred users has some 100,000."""

Sleep = Callable[[float], object]


class NoAnswer(Exception):
    """There is no answer, or none that can be read; `remedy` says what to do."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; {} for any other body."""
        try:
            value = json.loads(self.content)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    @property
    def is_scim_error(self) -> bool:
        """True for an error in the form of RFC 7644 section 3.12."""
        schemas = self.json.get("schemas")
        return isinstance(schemas, list) and ERROR_URN in schemas and self.json.get("status") == str(self.status)


class Wire:
    """Sends requests; repeats those that are answered with 429, as the identity providers do."""

    def __init__(self, base_url: str, key: str, *, seconds: float = _SECONDS, sleep: Sleep = time.sleep) -> None:
        self.base_url = base_url
        self.key = key
        self._seconds = seconds
        self._sleep = sleep
        self._client = httpx.Client(timeout=seconds, follow_redirects=False, trust_env=True)
        # Entra ID sends no User-Agent; the recorded requests name the headers that there are.
        for name in ("user-agent", "accept", "accept-encoding"):
            del self._client.headers[name]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def send(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Any,
        repeat: tuple[int, ...] = (HTTPStatus.TOO_MANY_REQUESTS,),
    ) -> Answer:
        """Send one request to Base URL and target, joined as texts; raises `NoAnswer`.

        Answers with a status of `repeat` are waited for as long as they say, and the request is sent again.
        """
        content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        pause = 1.0
        for tried in range(_TRIES):
            answer = self._once(method, self.base_url + target, headers, content)
            if answer.status not in repeat or tried == _TRIES - 1:
                return answer
            given = answer.headers.get("retry-after", "")
            wait = float(given) if given.isascii() and given.isdigit() else pause
            self._sleep(min(wait, _LONGEST_PAUSE))
            pause *= 2
        raise AssertionError("unreachable")

    def _once(self, method: str, url: str, headers: Mapping[str, str], content: bytes | None) -> Answer:
        try:
            with self._client.stream(method, url, headers=dict(headers), content=content) as response:
                return Answer(response.status_code, response.headers, self._read(response))
        except httpx.TimeoutException as error:
            raise NoAnswer("no answer in time", "Look at the service's log and alarms; then try again.") from error
        except httpx.ConnectError as error:
            raise NoAnswer(
                f"no connection: {error}", "Check the host name and the certificate; for the local server: make run."
            ) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise NoAnswer(
                f"the connection ended before the answer was complete ({type(error).__name__})",
                "Check the Base URL, and anything in front of the service, for example a proxy.",
            ) from error

    def _read(self, response: httpx.Response) -> bytes:
        """The body, up to the bound, within the time of a request in all."""
        end, read = time.monotonic() + self._seconds, bytearray()
        for piece in response.iter_bytes():
            read += piece
            if len(read) > _MAX_ANSWER:
                raise NoAnswer("the answer has more than 16 MB", "Check that the Base URL is that of a SCIM service.")
            if time.monotonic() > end:
                raise NoAnswer("no complete answer in time", "Look at the service's log and alarms; then try again.")
        return bytes(read)


def media_type(answer: Answer) -> str:
    """The media type of the answer, without parameters; "none" where it names none."""
    return answer.headers.get("content-type", "none").partition(";")[0].strip().lower()
