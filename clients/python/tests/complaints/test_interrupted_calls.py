"""Ctrl-C, and whatever else a signal handler raises in the middle of a call: the next call is as any other."""

import signal
import socket
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress

import pytest

from eventlease.transport import Request, Urllib3Transport

ASKED = Request("GET", "/server", {})
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}"


class Interrupted(BaseException):
    """As KeyboardInterrupt, which would end the tests where one of them fails."""


def interrupt(*_: object) -> None:
    raise Interrupted


@contextmanager
def interrupting(after: int) -> Generator[str]:
    """A server that sends so many bytes of its first answer, and then a signal; it answers all other requests."""
    before = signal.signal(signal.SIGUSR1, interrupt)
    caller = threading.get_ident()
    listener = socket.create_server(("127.0.0.1", 0))

    firsts = iter([True])

    def answer(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while connection.recv(65536):
                if next(firsts, False):
                    connection.sendall(ANSWER[:after])
                    signal.pthread_kill(caller, signal.SIGUSR1)
                else:
                    connection.sendall(ANSWER)

    def serve() -> None:
        with suppress(OSError):  # once it is closed
            while True:
                threading.Thread(target=answer, args=listener.accept()[:1], daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="this system has no such signals")
@pytest.mark.parametrize("after", [0, 5, len(ANSWER) - 1])
def test_the_call_after_an_interrupted_one_has_a_connection_to_itself(after: int) -> None:
    """Else an event without a key would be `Unavailable`, as if the server might have it."""
    with interrupting(after) as url:
        transport = Urllib3Transport(url)
        with pytest.raises(Interrupted):
            transport.send(ASKED, 30)
        try:
            assert transport.send(ASKED, 30).body == b"{}"
        finally:
            transport.close()
