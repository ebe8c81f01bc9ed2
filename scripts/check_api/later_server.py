"""A server of a later version: passes calls on, and puts into the replies what clients of this version do not know.

Wherever the document says that an enumeration is open, the reply has another value; wherever it names members of an
object, the reply has one more.
"""
import json
import re
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

VALUE = "of_a_later_version"
MEMBER = "member_of_a_later_version"
PASSED_ON = ["Content-Type", "X-Engine-Id", "Idempotency-Key"]


class Document:
    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.replaced: set[str] = set()

    def open_enumerations(self) -> set[str]:
        found: set[str] = set()
        self._find(self.document["components"]["schemas"], found)
        return found

    def _find(self, part: Any, found: set[str]) -> None:
        if isinstance(part, dict):
            found.update(filter(None, [self._open_enumeration(part)]))
            part = list(part.values())
        if isinstance(part, list):
            for inner in part:
                self._find(inner, found)

    def reply_schema(self, method: str, path: str, status: int) -> dict[str, Any]:
        paths = sorted(self.document["paths"], key=lambda template: template.count("{"))
        for template in paths:
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template))
            operation = self.document["paths"][template].get(method.lower())
            if operation and re.fullmatch(pattern, path):
                [content] = operation["responses"][str(status)]["content"].values()
                return content["schema"]
        raise LookupError(f"{method} {path} is not in the document")

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _open_enumeration(self, schema: dict[str, Any]) -> str | None:
        choices = schema.get("anyOf", [])
        references = [choice["$ref"].rsplit("/", 1)[1] for choice in choices if "$ref" in choice]
        return references[0] if references and {"type": "string"} in choices else None

    def _fits(self, value: Any, schema: dict[str, Any]) -> bool:
        kinds = {dict: "object", list: "array", str: "string", type(None): "null"}
        kind, expected = kinds.get(type(value), "number"), schema.get("type", "object")
        return kind in expected and all(name in value for name in schema.get("required", []))

    def changed(self, value: Any, schema: dict[str, Any]) -> Any:
        schema = self.resolved(schema)
        enumeration = self._open_enumeration(schema)
        if enumeration and isinstance(value, str):
            self.replaced.add(enumeration)
            return VALUE
        for choice in [*schema.get("oneOf", []), *schema.get("anyOf", [])]:
            choice = self.resolved(choice)
            if self._fits(value, choice):
                return self.changed(value, choice)
        if isinstance(value, list):
            return [self.changed(item, schema.get("items", {})) for item in value]
        if isinstance(value, dict) and "properties" in schema:
            properties = schema["properties"]
            return {**{name: self.changed(inner, properties.get(name, {})) for name, inner in value.items()},
                    MEMBER: VALUE}
        return value


class LaterServer:
    """Within `with`: its address is `url`."""

    def __init__(self, document: Document, url: str) -> None:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))) or None
                headers = {name: self.headers[name] for name in PASSED_ON if name in self.headers}
                request = urllib.request.Request(url + self.path, body, headers, method=self.command)
                try:
                    reply = urllib.request.urlopen(request)
                except urllib.error.HTTPError as refused:
                    reply = refused
                with reply:
                    schema = document.reply_schema(self.command, self.path.split("?")[0], reply.status)
                    changed = json.dumps(document.changed(json.load(reply), schema)).encode()
                    self.send_response(reply.status)
                    self.send_header("Content-Type", reply.headers["Content-Type"])
                self.send_header("Content-Length", str(len(changed)))
                self.end_headers()
                self.wfile.write(changed)

            do_GET = do_PUT = do_POST = answer

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "LaterServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
