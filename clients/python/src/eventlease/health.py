"""Health over HTTP, in a thread of its own, so that it answers while the event loop is blocked."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

from eventlease.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable


class Health:
    """Serves `/healthz` and `/readyz`: 200 if nothing is wrong, else 503 with the causes."""

    def __init__(self, port: int, live: Callable[[], list[str]], ready: Callable[[], list[str]]) -> None:
        """Each check returns what is wrong. Port 0 picks a free one; ConfigurationError for one that is taken."""
        checks = {"/healthz": live, "/readyz": ready}

        class Handler(BaseHTTPRequestHandler):
            timeout = 5

            def do_GET(self) -> None:
                check = checks.get(self.path.partition("?")[0])
                wrong = check() if check is not None else ["not found"]
                status = 404 if check is None else 503 if wrong else 200
                body = json.dumps({"status": "failing" if wrong else "ok", "causes": wrong}).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Probes are not logged."""

        try:
            self._server = ThreadingHTTPServer(("", port), Handler)
        except OSError as error:
            raise ConfigurationError(f"health_port {port} cannot be used: {error}") from error
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, name="eventlease-health", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Ends the listener and its thread."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
