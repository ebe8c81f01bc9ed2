"""Servers behind TLS: only those whose certificate is trusted, and made out to their name, are spoken to."""

import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventlease.transport import NotSent, Request, Urllib3Transport

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to make certificates with")
REPLY = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
GET = Request("GET", "/server", {})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name localhost, with its key, that nobody else has signed."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost"]
    names = ["-addext", "subjectAltName=DNS:localhost"]
    command = ["openssl", "req", "-x509", *options, *names, "-keyout", str(file), "-out", f"{file}.crt"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


@pytest.fixture
def port(certificate: Path) -> Iterator[int]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listener.accept()
        try:
            with context.wrap_socket(connection, server_side=True) as encrypted:
                for _ in range(2):
                    if encrypted.recv(65536):
                        encrypted.sendall(REPLY)
        except OSError:
            pass  # the client has refused
        finally:
            connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    yield listener.getsockname()[1]
    thread.join()
    listener.close()


def test_a_trusted_server_is_spoken_to_over_one_connection(port: int, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=f"{certificate}.crt")
    transport = Urllib3Transport(f"https://localhost:{port}", ssl_context=context)
    assert [transport.send(GET, 10).body for _ in range(2)] == [b"{}", b"{}"]
    transport.close()


def test_a_certificate_that_nobody_trusts_is_refused(port: int) -> None:
    with pytest.raises(NotSent, match="certificate"):
        Urllib3Transport(f"https://localhost:{port}").send(GET, 10)


def test_a_certificate_of_another_name_is_refused(port: int, certificate: Path) -> None:
    context = ssl.create_default_context(cafile=f"{certificate}.crt")
    with pytest.raises(NotSent, match="not valid for"):
        Urllib3Transport(f"https://127.0.0.1:{port}", ssl_context=context).send(GET, 10)
