"""HTTP calls of the producer and of the audit, over one connection kept alive. One client for each thread."""
import http.client
import json
from typing import Any, Iterator, Optional
from urllib.parse import urlsplit


class Client:
    def __init__(self, url: str) -> None:
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=15)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """The reply's body. Anything but a 2xx is an error: the demo asks for nothing that may be refused."""
        status, reply = self.ask(method, path, body)
        if not 200 <= status < 300:
            raise RuntimeError(f"{method} {path} → {status} {json.dumps(reply)}")
        return reply

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        try:
            self.connection.request(method, path, data, {"Content-Type": "application/json"})
            reply = self.connection.getresponse()
            text = reply.read()
        except (OSError, http.client.HTTPException):
            self.connection.close()  # the next call opens a new one
            raise
        return reply.status, json.loads(text or "null")

    def items(self, path: str) -> Iterator[Any]:
        """Every item of a list, page by page."""
        cursor: Optional[str] = ""
        while cursor is not None:
            page = self.call("GET", f"{path}?limit=200" + (f"&cursor={cursor}" if cursor else ""))
            yield from page["items"]
            cursor = page["next_cursor"]
