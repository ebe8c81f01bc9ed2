/** `run`, in processes of their own: signals, exit statuses, several engines, and that Node ends by itself. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { suite, test } from "node:test";
import { Client } from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { until } from "../handling.js";
import { programOf } from "../program.js";
import { nothing, QUEUE } from "./desk.js";

const PATIENCE_MS = 30_000;
const LIBRARY = new URL("../../src/index.js", import.meta.url).href;
/** Handlers say that they have begun; `x` ends at once, `forever` never, and holds nothing open. */
const BEGINNING = `
  import { Engine, run } from ${JSON.stringify(LIBRARY)};
  const [url, ...names] = process.argv.slice(2);
  const options = { url, heartbeatTimeoutSeconds: 3, drainSeconds: 30, graceSeconds: 0 };
  const engineOf = (name, more) => new Engine(name, { ...options, ...more })
    .on("x", () => console.log("begun"))
    .on("forever", () => { console.log("begun"); return new Promise(() => {}); });
`;
const RUN = `await engineOf("${QUEUE}").run(); console.log("in order");`;

class Program {
  readonly process: ChildProcess;
  out = "";
  errors = "";
  readonly #ended: Promise<{ code: number | null; signal: string | null }>;

  constructor(source: string, url: string, ...more: string[]) {
    const command = [programOf(BEGINNING + source), url, ...more];
    this.process = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"] });
    this.process.stdout!.on("data", (text: Buffer) => (this.out += text.toString()));
    this.process.stderr!.on("data", (text: Buffer) => (this.errors += text.toString()));
    this.#ended = new Promise((resolve) => {
      this.process.on("close", (code, signal) => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
    const timer = setTimeout(() => this.process.kill("SIGKILL"), PATIENCE_MS);
  }

  /** The exit status, or the signal that has ended it. */
  async end(): Promise<number | string | null> {
    const { code, signal } = await this.#ended;
    return code ?? signal;
  }
}

async function withServer(work: (server: FakeServer, url: string) => Promise<void>): Promise<void> {
  await using server = new FakeServer();
  await work(server, await server.listen());
}

/** The id of an event whose handler has begun. */
async function begun(program: Program, server: FakeServer, eventType: string): Promise<string> {
  const client = clientOf(server);
  await until(() => server.engines().length > 0);
  const { eventId } = await client.enqueue(QUEUE, eventType, null);
  await until(() => program.out.includes("begun"));
  return eventId;
}

function clientOf(server: FakeServer): Client {
  const quiet = { debug: nothing, info: nothing, warn: nothing, error: nothing };
  return new Client({ url: "http://fake", fetch: server.fetch, logger: quiet });
}

const isDraining = (server: FakeServer) => (): boolean =>
  server.requests.some(({ operation }) => operation === "drain");

suite("run", { concurrency: 4 }, () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`ends in order after ${signal}`, () =>
      withServer(async (server, url) => {
        const program = new Program(RUN, url);
        await until(() => server.engines().length > 0);
        program.process.kill(signal);
        assert.deepEqual([await program.end(), program.out, program.errors], [0, "in order\n", ""]);
        assert.deepEqual(server.engines(), []);
      }));
  }

  test("cuts handlers off after a second signal", () =>
    withServer(async (server, url) => {
      const program = new Program(RUN, url);
      const eventId = await begun(program, server, "forever");
      program.process.kill("SIGTERM");
      await until(isDraining(server));
      program.process.kill("SIGTERM");
      assert.equal(await program.end(), 1);
      assert.match(program.out, /in order/); // the promise is kept: the status says that work was cut off
      assert.equal(server.event(eventId)["status"], "queued");
    }));

  for (const side of ["open", "close"]) {
    test(`does not wait after a ${side === "open" ? "first" : "second"} signal for a lifespan to ${side}`, () =>
      withServer(async (server, url) => {
        const source = `
          const stuck = (side) => {
            if (side !== "${side}") return;
            console.log("stuck");
            return new Promise(() => {});
          };
          const lifespan = async function* () { await stuck("open"); yield; await stuck("close"); };
          const engine = engineOf("${QUEUE}", { lifespan });
          await engine.run();
          console.log("in order");`;
        const program = new Program(source, url);
        if (side === "close") await begun(program, server, "x");
        else await until(() => program.out.includes("stuck"));
        program.process.kill("SIGTERM");
        await until(() => program.out.includes("stuck"));
        if (side === "close") program.process.kill("SIGTERM");
        assert.equal(await program.end(), side === "open" ? 0 : 1);
        assert.match(program.out, /in order/);
        assert.match(program.errors, side === "open" ? /WARNING .*still opening/ : /ERROR .*not closed in time/);
        assert.deepEqual(server.engines(), []);
      }));
  }

  test("ends at once after a third signal", () =>
    withServer(async (server, url) => {
      const program = new Program(RUN, url);
      await begun(program, server, "forever");
      server.goAway();
      // Each as soon as it may count: those of one moment are one.
      await until(() => {
        program.process.kill("SIGTERM");
        return program.process.exitCode !== null || program.process.signalCode !== null;
      });
      assert.equal(await program.end(), "SIGTERM");
    }));

  test("cuts work off after the drain", () =>
    withServer(async (server, url) => {
      const program = new Program(`await engineOf("${QUEUE}", { drainSeconds: 0 }).run();`, url);
      const eventId = await begun(program, server, "forever");
      program.process.kill("SIGTERM");
      assert.equal(await program.end(), 1);
      assert.equal(server.event(eventId)["status"], "queued");
    }));

  test("gives several engines the same signals", () =>
    withServer(async (server, url) => {
      const program = new Program(`await run(engineOf("one"), engineOf("two")); console.log("in order");`, url);
      await until(() => server.engines().length === 2);
      program.process.kill("SIGTERM");
      assert.deepEqual([await program.end(), program.out], [0, "in order\n"]);
      assert.deepEqual(server.engines(), []);
    }));

  test("leaves signals alone that the program handles, and gives back what it took", () =>
    withServer(async (server, url) => {
      const count = "process.listenerCount('SIGTERM') + ' ' + process.listenerCount('SIGINT')";
      const source = `process.on("SIGTERM", () => console.log("mine")); ${RUN} console.log(${count});`;
      const program = new Program(source, url);
      await until(() => server.engines().length > 0);
      program.process.kill("SIGTERM");
      await until(() => program.out.includes("mine"));
      program.process.kill("SIGINT");
      assert.deepEqual([await program.end(), program.out], [0, "mine\nin order\n1 0\n"]);
    }));

  for (const isCaught of [false, true]) {
    const source = isCaught ? `await engineOf("${QUEUE}").run().catch((error) => console.log(error.message));` : RUN;

    test(`has a status for a refused registration${isCaught ? ", though its rejection is caught" : ""}`, () =>
      withServer(async (server, url) => {
        server.refuseNext("register", "unauthenticated");
        const program = new Program(source, url);
        assert.equal(await program.end(), 2);
        assert.match(isCaught ? program.out : program.errors, /registration was refused: unauthenticated/);
      }));
  }

  test("has a status for wrong settings", async () => {
    const program = new Program(`await engineOf("${QUEUE}", { concurrency: 0 }).run();`, "http://127.0.0.1:1");
    assert.equal(await program.end(), 2);
    assert.match(program.errors, /ConfigurationError: concurrency/);
  });

  test("has a status for an id that another process uses", () =>
    withServer(async (server, url) => {
      const engineId = crypto.randomUUID();
      const program = new Program(`await engineOf("${QUEUE}", { engineId: "${engineId}" }).run();`, url);
      await until(() => server.requests.some(({ operation }) => operation === "heartbeat"));
      const client = clientOf(server);
      await client.call("POST", "/engines", { engine_id: engineId, engine_type: QUEUE });
      assert.equal(await program.end(), 3);
      assert.match(program.errors, new RegExp(`another process has registered as engine ${engineId}`));
    }));

  test("has a status for handlers that all hang", () =>
    withServer(async (server, url) => {
      const program = new Program(`await engineOf("${QUEUE}", { concurrency: 1, timeoutSeconds: 0.1 }).run();`, url);
      await begun(program, server, "forever");
      assert.equal(await program.end(), 4);
      assert.match(program.errors, /every handler hangs/);
    }));

  for (const heartbeats of ["thread", "loop"]) {
    test(`leaves nothing behind that keeps Node going: heartbeats by ${heartbeats}`, () =>
      withServer(async (server, url) => {
        const source = `
          const engine = engineOf("${QUEUE}", { heartbeats: "${heartbeats}", healthPort: 0 });
          const resources = async () => {
            await new Promise((resolve) => setTimeout(resolve, 200)); // what was ended is closed by then
            return process.getActiveResourcesInfo().sort().join();
          };
          console.log("ready"); // standard output is open now
          const before = await resources();
          for (let round = 0; round < 2; round++) {
            const settled = new Promise((resolve) => engine.onSettled(resolve));
            engine.start();
            await settled;
            await engine.stop();
            const after = await resources();
            console.log(after === before ? "stopped" : "left: " + after);
          }`;
        const client = clientOf(server);
        const program = new Program(source, url);
        for (const rounds of [1, 2]) {
          await client.enqueue(QUEUE, "x", null);
          await until(() => program.out.split(/stopped|left/).length > rounds);
        }
        const out = "ready\nbegun\nstopped\nbegun\nstopped\n";
        assert.deepEqual([await program.end(), program.out, program.errors], [0, out, ""]);
        assert.deepEqual(server.engines(), []);
      }));
  }

  test("works in a worker thread, which gets no signals", () =>
    withServer(async (server, url) => {
      const source = `
        import { Worker, workerData } from "node:worker_threads";
        const text = ${JSON.stringify(BEGINNING.replace("process.argv.slice(2)", "[process.env.URL]") + RUN)};
        new Worker(new URL("data:text/javascript," + encodeURIComponent(text)), { env: { ...process.env, URL: url } });`;
      const program = new Program(source, url);
      await begun(program, server, "x");
      const client = clientOf(server);
      const engineId = server.engines()[0]!["engine_id"];
      await client.call("POST", `/engines/${engineId}/drain` as `/${string}`, { then: "exit" });
      assert.deepEqual([await program.end(), program.out, program.errors], [0, "begun\nin order\n", ""]);
    }));
});
