"""A proxy between clients and server that cuts and delays replies, counts requests, and can refuse connections."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH = re.compile(rb"^content-length: *(\d+)", re.IGNORECASE | re.MULTILINE)


@dataclass
class Request:
    """A request that came through. `status` is 0 until the server has answered."""

    method: str
    path: str
    at: float
    body: bytes = b""
    reply: bytes = b""
    status: int = 0

    @property
    def operation(self) -> str:
        """How this suite names it: `register`, `token`, `lease`, `settle`, `heartbeat`, `drain`, `leave`, `enqueue`."""
        path = self.path.partition("?")[0].removeprefix("/api/v1")
        for pattern, name in (
            (r"/events/queue/.*", "lease"), (r"/events(/.*)?/status", "settle"), (r".*/heartbeat", "heartbeat"),
            (r".*/drain", "drain"), (r".*/token", "token"), (r"/events(/batch)?", "enqueue"), (r"/engines", "register"),
        ):  # fmt: skip
            if re.fullmatch(pattern, path):
                return name
        return "leave" if self.method == "DELETE" else path


@dataclass
class ReplyFault:
    """What becomes of one reply: cut after so many bytes, late, or as it is."""

    cut_after: int | None = None
    late_by: float = 0


@dataclass
class Proxy:
    """Forwards to `upstream`. `fault` decides about every reply, once it is there."""

    upstream: str
    fault: Callable[[Request], ReplyFault] = lambda _: ReplyFault()
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    _open: set[socket.socket] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Proxy:
        self._listen(0)
        return self

    def __exit__(self, *_: object) -> None:
        self.refuse()

    def refuse(self) -> None:
        """Takes no more connections, and cuts those that are there."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()

    def accept(self) -> None:
        """Ends `refuse`."""
        self._listen(int(self.url.rpartition(":")[2]))

    def cut_all(self) -> None:
        """Cuts all connections."""
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def count(self, operation: str) -> int:
        """How many requests of an operation came."""
        return sum(request.operation == operation for request in list(self.requests))

    @property
    def connections(self) -> int:
        """How many connections of clients are open."""
        return len(self._open)

    def _listen(self, port: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", port), backlog=512)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._lock:
                self._open.add(client)
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        address = urlsplit(self.upstream)
        server: socket.socket | None = None
        try:
            while True:
                head, body = _message(client)
                if not head:
                    return
                method, path, _ = head.split(b" ", 2)
                request = Request(method.decode(), path.decode(), time.monotonic(), body)
                self.requests.append(request)
                if server is None:
                    server = socket.create_connection((address.hostname or "", address.port or 80))
                    server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server.sendall(head + body)
                reply_head, reply_body = _message(server)
                if not reply_head:
                    return
                request.status, request.reply = int(reply_head.split(b" ", 2)[1]), reply_body
                fault = self.fault(request)
                if fault.late_by:
                    time.sleep(fault.late_by)
                reply = reply_head + reply_body
                if fault.cut_after is not None:
                    client.sendall(reply[: fault.cut_after])
                    return
                client.sendall(reply)
        except OSError:
            return
        finally:
            with self._lock:
                self._open.discard(client)
            for connection in (client, server):
                if connection is not None:
                    with suppress(OSError):
                        connection.shutdown(socket.SHUT_RDWR)
                    connection.close()


def _message(connection: socket.socket) -> tuple[bytes, bytes]:
    """One request or reply; empty at the end."""
    text = b""
    while b"\r\n\r\n" not in text:
        piece = connection.recv(65536)
        if not piece:
            return b"", b""
        text += piece
    head, _, body = text.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    wanted = int(length[1]) if length else 0
    pieces = [body]
    have = len(body)
    while have < wanted:
        piece = connection.recv(1 << 20)
        if not piece:
            return b"", b""
        pieces.append(piece)
        have += len(piece)
    return head + b"\r\n\r\n", b"".join(pieces)
