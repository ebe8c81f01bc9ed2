"""Bytes over real sockets: connections that are kept, cut, stale and closed."""

import threading

import pytest
from scripted import socket_server

from eventlease import ConfigurationError, InvalidInput
from eventlease.transport import Cut, NotSent, Request, TimedOut, Urllib3Transport

OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}"
CHUNKED = b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n'
GET = Request("GET", "/server?a=1", {"X-A": "b"})


def test_a_connection_is_kept_between_requests() -> None:
    with socket_server([OK, OK]) as server:
        transport = Urllib3Transport(server.url)
        replies = [transport.send(GET, 5), transport.send(Request("POST", "/events", {}, b"{}"), 5)]
        transport.close()
    assert [(reply.status, reply.headers["content-type"], reply.body) for reply in replies] == [
        (200, "application/json", b"{}")
    ] * 2
    assert server.requests[0].startswith(b"GET /api/v1/server?a=1 HTTP/1.1\r\n")
    assert server.requests[1].endswith(b"\r\n\r\n{}")


def test_a_path_in_the_base_address_stands_before_the_interface() -> None:
    with socket_server([OK]) as server:
        transport = Urllib3Transport(f"{server.url}/queue/")
        transport.send(GET, 5)
        transport.close()
    assert server.requests[0].startswith(b"GET /queue/api/v1/server?a=1 ")


def test_a_reply_may_come_in_chunks() -> None:
    with socket_server([CHUNKED]) as server:
        transport = Urllib3Transport(server.url)
        assert transport.send(GET, 5).body == b'{"a":1}'
        transport.close()


@pytest.mark.parametrize("path", ["/queues/a b", "/queues/é", "/queues/a\r\nX-B: c"])
def test_a_path_that_cannot_be_sent_is_refused(path: str) -> None:
    with socket_server([OK]) as server:
        transport = Urllib3Transport(server.url)
        with pytest.raises(InvalidInput):
            transport.send(Request("GET", path, {}), 5)
        transport.close()
    assert server.requests == []


LAST_CHUNK = b"0\r\n\r\n"  # without it nothing of the body is missing
CUT_REPLIES = [whole[:length] for whole in (OK, CHUNKED.removesuffix(LAST_CHUNK)) for length in range(len(whole))]


@pytest.mark.parametrize("received", CUT_REPLIES, ids=len)
def test_a_reply_that_is_cut_anywhere_is_cut(received: bytes) -> None:
    with socket_server([received]) as server:
        transport = Urllib3Transport(server.url)
        with pytest.raises(Cut) as cut:
            transport.send(GET, 5)
        transport.close()
    assert not cut.value.reused
    assert cut.value.any_byte or len(received) <= len(b"HTTP/1.1 200 OK\r\n")


def test_a_kept_connection_that_is_closed_without_a_byte_is_stale() -> None:
    with socket_server([OK, b""]) as server:
        transport = Urllib3Transport(server.url)
        transport.send(GET, 5)
        with pytest.raises(Cut) as cut:
            transport.send(GET, 5)
        transport.close()
    assert cut.value.reused
    assert not cut.value.any_byte


def test_a_connection_that_was_closed_meanwhile_is_opened_again() -> None:
    closing = OK.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with socket_server([closing], [OK]) as server:
        transport = Urllib3Transport(server.url)
        assert [transport.send(GET, 5).body, transport.send(GET, 5).body] == [b"{}", b"{}"]
        transport.close()


def test_a_refused_connection_was_not_sent() -> None:
    with socket_server() as server:
        url = server.url
    with pytest.raises(NotSent):
        Urllib3Transport(url).send(GET, 5)


@pytest.mark.parametrize("sent", [0, 30, len(OK) - 1])
def test_a_reply_that_does_not_come_in_time(sent: int) -> None:
    with socket_server([OK[:sent], OK]) as server:  # which waits for another request, and so keeps the connection
        transport = Urllib3Transport(server.url)
        with pytest.raises(TimedOut):
            transport.send(GET, 0.2)
        transport.close()


def test_closing_cuts_a_request_that_waits() -> None:
    with socket_server([b"", OK]) as server:
        transport = Urllib3Transport(server.url)
        errors: list[BaseException] = []

        def send() -> None:
            try:
                transport.send(GET, 60)
            except Cut as error:
                errors.append(error)

        thread = threading.Thread(target=send)
        thread.start()
        while not server.requests:
            thread.join(0.01)
        transport.close()
        thread.join(30)
    assert [type(error) for error in errors] == [Cut]


def test_a_closed_transport_sends_nothing() -> None:
    with socket_server([OK]) as server:
        transport = Urllib3Transport(server.url)
        transport.close()
        with pytest.raises(NotSent):
            transport.send(GET, 5)


@pytest.mark.parametrize("url", ["", "ftp://host", "127.0.0.1:8080", "http://"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="http"):
        Urllib3Transport(url)
