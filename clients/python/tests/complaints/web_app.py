"""A small web application on asyncio with an engine inside: `GET /line?npc=Mira` answers a line that it has written."""

import asyncio
import json
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from eventlease import AsyncClient, Engine, Event, EventFailed


@dataclass
class Scene:
    npc: str


class App:
    """One start and one end; any number of them, one after the other."""

    def __init__(self, url: str | None = None) -> None:
        self.url = url
        self.ended = asyncio.Event()
        self.port = 0
        self.engine = Engine("lines", url=url, concurrency=20, drain_seconds=5, grace_seconds=1)
        self.engine.on("line.requested")(self.write)
        self.written = 0

    async def write(self, event: Event[Scene]) -> dict[str, str]:
        await asyncio.sleep(0.01)
        self.written += 1
        return {"line": f"Hello, {event.payload.npc}!"}

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[AsyncClient]:
        async with self.engine, AsyncClient(self.url) as client:
            yield client

    async def run(self) -> None:
        """Until SIGTERM, which is the application's own."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self.ended.set)
        try:
            async with self.lifespan() as client:
                self.client = client
                server = await asyncio.start_server(self.answer, "127.0.0.1", 0)
                self.port = server.sockets[0].getsockname()[1]
                async with server:
                    await self.ended.wait()
        finally:
            loop.remove_signal_handler(signal.SIGTERM)

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readuntil(b"\r\n\r\n")).split()[1].decode()
        event = await self.client.enqueue("lines", "line.requested", {"npc": path.partition("=")[2]})
        try:
            status, body = "200 OK", json.dumps(await self.client.wait(event.event_id, timeout=10))
        except EventFailed as error:
            status, body = "500 Internal Server Error", str(error)
        except TimeoutError:
            status, body = "504 Gateway Timeout", ""
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()


if __name__ == "__main__":

    async def main() -> None:
        await App().run()

    asyncio.run(main())
