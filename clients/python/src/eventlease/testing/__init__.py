"""Three levels of tests: `run` for one handler, `FakeServer` in memory, `server` for the real program."""

from eventlease.testing.fake_server import FakeServer
from eventlease.testing.one_handler import run, run_async
from eventlease.testing.real_server import RealServer, server

__all__ = ["FakeServer", "RealServer", "run", "run_async", "server"]
