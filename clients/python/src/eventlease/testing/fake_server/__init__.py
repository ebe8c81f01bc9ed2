"""An EventLease server in memory, held to the real one by the conformance suite of the clients."""

from eventlease.testing.fake_server.server import FakeServer, FakeTransport

__all__ = ["FakeServer", "FakeTransport"]
