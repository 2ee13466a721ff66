"""An address of this machine behind which an API of the emulator answers, for clients that cannot send another Host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from support.emulator import Emulator

_OF_A_CONNECTION = {"connection", "content-length", "date", "host", "server", "transfer-encoding"}


@dataclass
class Forwarder:
    """The server's address, and the API that it stands for from now on."""

    url: str
    api: str = ""

    def address(self, base_url: str) -> str:
        """Stand for the API of that base URL; return the address to use in its place."""
        parts = urlsplit(base_url)
        self.api = (parts.hostname or "").partition(".")[0]
        return self.url + parts.path


@contextmanager
def forwarder(emulator: Emulator) -> Iterator[Forwarder]:
    """Serve on a free port until the end of the block."""
    to = urlsplit(emulator.url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() not in _OF_A_CONNECTION}
            connection = HTTPConnection(to.hostname or "", to.port, timeout=60)
            try:
                host = {"Host": f"{served.api}.execute-api.localhost"}
                connection.request(self.command, self.path, body or None, headers | host)
                answer = connection.getresponse()
                content = answer.read()
            finally:
                connection.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _OF_A_CONNECTION:
                    self.send_header(name, value)
            if answer.status != 204:
                self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = forward

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = Forwarder(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
