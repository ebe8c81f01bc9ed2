/** An EventLease server in memory, held to the real one by the conformance suite of the clients. */

export { FakeServer } from "./server.js";
