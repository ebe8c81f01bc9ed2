"""The fake server on a port of this machine."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from eventlease.transport import BASE_PATH, Reply, Request, TransportError

Handle = Callable[[Request], Reply]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, handle: Handle) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.handle_call = handle
        self.open_sockets: set[socket.socket] = set()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients hang up, which is no error of the test; anything else is a bug here and is shown."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server  # pyright: ignore[reportIncompatibleVariableOverride] - always made by one

    def setup(self) -> None:
        super().setup()
        self.server.open_sockets.add(self.connection)

    def finish(self) -> None:
        self.server.open_sockets.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def answer(self) -> None:
        """Hands one request over and writes its reply, or cuts the connection."""
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path.startswith(f"{BASE_PATH}/"):
            request = Request(self.command, self.path.removeprefix(BASE_PATH), dict(self.headers), body)
        else:
            request = Request(self.command, "/nothing-is-here", {}, None)
        try:
            reply = self.server.handle_call(request)
        except TransportError:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        self.wfile.write(reply.body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer  # noqa: N815 - as http.server calls them

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server names it
        """Nothing is logged."""


@contextmanager
def serve(handle: Handle) -> Generator[str]:
    """Serves on a free port for as long as the block lasts, and yields the URL."""
    server = _Server(handle)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="fake-eventlease", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        for connection in list(server.open_sockets):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
