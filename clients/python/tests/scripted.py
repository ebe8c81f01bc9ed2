"""A transport that answers as a test has written down, and a server on a socket that does."""

from __future__ import annotations

import json
import socket
import threading
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eventlease.transport import NotSent, Reply, Request, TransportError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable


def reply(status: int, body: Any = None, **headers: str) -> Reply:
    """A reply with JSON, a problem where its status is an error."""
    kind = "application/problem+json" if status >= 400 else "application/json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, {"content-type": kind} | named, b"" if body is None else json.dumps(body).encode())


@dataclass
class Scripted:
    """Gives the answers one after the other, whichever address they are asked of, and keeps what was sent."""

    answers: Iterable[Reply | TransportError]
    sent: list[tuple[str, Request]] = field(default_factory=list[tuple[str, Request]])

    def __post_init__(self) -> None:
        self._left = deque(self.answers)

    def __call__(self, url: str) -> ScriptedTransport:
        return ScriptedTransport(self, url)

    def answer(self, url: str, request: Request) -> Reply:
        self.sent.append((url, request))
        answer = self._left.popleft()
        if isinstance(answer, TransportError):
            raise answer
        return answer

    @property
    def urls(self) -> list[str]:
        return [url for url, _ in self.sent]


@dataclass
class Away:
    """Stands for all servers, none of which can be reached; says when one was tried."""

    is_tried: threading.Event = field(default_factory=threading.Event)

    def __call__(self, _url: str) -> Away:
        return self

    def send(self, request: Request, seconds: float) -> Reply:
        self.is_tried.set()
        raise NotSent(f"refused {request.path} within {seconds:g} s")

    def close(self) -> None:
        pass


@dataclass
class ScriptedTransport:
    script: Scripted
    url: str

    def send(self, request: Request, seconds: float) -> Reply:
        assert seconds > 0
        return self.script.answer(self.url, request)

    def close(self) -> None:
        pass


class SocketServer:
    """Accepts connections on a port of this machine; `connections` has the answers of each, request by request."""

    def __init__(self, connections: list[list[bytes]]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections = connections
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.requests: list[bytes] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for answers in self._connections:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return  # closed
            with connection:
                for answer in answers:
                    if not self._read_request(connection):
                        break
                    connection.sendall(answer)

    def _read_request(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            if not piece:
                return False
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        lengths = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        while len(body) < sum(lengths):
            body += connection.recv(65536)
        self.requests.append(head + b"\r\n\r\n" + body)
        return True

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()


@contextmanager
def socket_server(*connections: list[bytes]) -> Generator[SocketServer]:
    """A `SocketServer` for as long as the block lasts."""
    server = SocketServer(list(connections))
    try:
        yield server
    finally:
        server.close()
