/** Three levels of tests: `run` for one handler, `FakeServer` in memory, `startServer` for the real program. */

export { FakeServer } from "./fake-server/index.js";
export { run } from "./one-handler.js";
export type { GivenPrevious, RunOptions } from "./one-handler.js";
export { RealServer, startServer } from "./real-server.js";
export type { ServerOptions } from "./real-server.js";
