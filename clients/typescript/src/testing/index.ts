/** Three levels of tests: `run` for one handler, `FakeServer` in memory, `startServer` for the real program. */

export { FakeServer } from "./fake-server/index.js";
