"""The time limit of a request is its own, not that of the connecting before it."""

import socket
import threading

import pytest

from eventlease import transport
from eventlease.transport import Request, Urllib3Transport

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


def test_a_reply_may_take_longer_than_connecting_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.1)
    listener = socket.create_server(("127.0.0.1", 0))
    late = threading.Event()

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            for _ in range(2):
                connection.recv(65536)
                late.wait(0.5)
                connection.sendall(REPLY)

    server = threading.Thread(target=answer)
    server.start()
    client = Urllib3Transport(f"http://127.0.0.1:{listener.getsockname()[1]}")
    try:
        for _ in range(2):  # on a new connection, and on one that was used before
            assert client.send(Request("GET", "/server", {}), 30).status == 200
    finally:
        client.close()
        late.set()
        server.join()
        listener.close()
