"""The application of `web_app.py`, started and ended ten times, in one event loop and in one after the other."""

import asyncio
import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from web_app import App

from eventlease.testing import FakeServer

TIMES = 10


def sockets() -> int:
    """How many this process has open."""
    count = 0
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # the one through which the folder is read
            count += str(entry.readlink()).startswith("socket:")
    return count


async def closed(sockets_before: int) -> None:
    """The server's ends are closed by threads of its own."""
    for _ in range(1000):
        if sockets() <= sockets_before:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"{sockets()} sockets are open, {sockets_before} were")


async def ask(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /line?npc=Mira HTTP/1.1\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def once(url: str) -> None:
    app = App(url)
    running = asyncio.create_task(app.run())
    while not app.port:
        await asyncio.sleep(0.01)
    answers = await asyncio.gather(*(ask(app.port) for _ in range(20)))
    assert {answer.rpartition(b"\r\n\r\n")[2] for answer in answers} == {b'{"line": "Hello, Mira!"}'}
    os.kill(os.getpid(), signal.SIGTERM)
    await running
    assert app.written == 20


def test_an_application_begins_and_ends_ten_times_in_one_loop() -> None:
    async def main(url: str) -> None:
        await once(url)  # asyncio keeps a thread for whoever asks it for one
        threads, tasks, before = set(threading.enumerate()), asyncio.all_tasks(), sockets()
        for _ in range(TIMES):
            await once(url)
            assert {each.name for each in set(threading.enumerate()) - threads if "eventlease" in each.name} == set()
            assert asyncio.all_tasks() == tasks
            await closed(before)

    with FakeServer() as server, server.over_http() as url:
        asyncio.run(main(url))
        assert not server.state.engines


def test_an_application_begins_and_ends_in_ten_loops() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with FakeServer() as server, server.over_http() as url:
        for _ in range(TIMES):
            asyncio.run(once(url))
        assert not server.state.engines
    assert signal.getsignal(signal.SIGTERM) is before
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("eventlease")]
