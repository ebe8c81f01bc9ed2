/** The keeper in a thread of its own: it goes on while the main loop is blocked. */

import inspector from "node:inspector";
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from "node:worker_threads";
import type { Settings } from "../settings.js";
import type { FromKeeper, ToKeeper } from "./messages.js";
import { PROGRAM } from "./program.js";
import { SHARED, type ThreadSetup } from "./setup.js";

export class KeeperThread {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #numbers = new Int32Array(new SharedArrayBuffer(4 * Object.keys(SHARED).length));
  readonly #hear: (message: FromKeeper) => void;
  #isClosed = false;

  /** `crashed` is called once, if the thread ends before `close`. */
  constructor(
    settings: Settings,
    healthPort: number | undefined,
    now: () => number,
    hear: (message: FromKeeper) => void,
    crashed: (error: unknown) => void,
    program: string = PROGRAM,
  ) {
    const { port1, port2 } = new MessageChannel();
    const setup: ThreadSetup = {
      urls: settings.urls,
      heartbeatTimeoutSeconds: settings.heartbeatTimeoutSeconds,
      stallSeconds: settings.stallSeconds,
      healthPort,
      hasLogger: settings.hasLogger,
      clock: { now: now(), wall: Date.now() },
      numbers: this.#numbers.buffer,
      port: port2,
    };
    this.#hear = hear;
    this.#worker = new Worker(program, {
      eval: true,
      name: "eventlease-keeper",
      workerData: setup,
      transferList: [port2],
      // What the author's process loads at its start, such as a tracer, is not loaded a second time.
      execArgv: [],
      env: { ...process.env, NODE_OPTIONS: "" },
    });
    this.#port = port1;
    port1.on("message", (message: FromKeeper) => {
      if (message.what === "open" || message.what === "not_open") this.#unref();
      hear(message);
    });
    const ended = (error: unknown): void => {
      if (this.#isClosed) return;
      this.#isClosed = true;
      port1.close();
      crashed(error);
    };
    this.#worker.on("error", ended);
    this.#worker.on("exit", (code) => {
      ended(new Error(`the thread ended with exit code ${code}`));
    });
  }

  send(message: ToKeeper): void {
    this.#port.postMessage(message);
  }

  /** Called twice a second. */
  tick(running: number): void {
    Atomics.add(this.#numbers, SHARED.count, 1);
    Atomics.store(this.#numbers, SHARED.running, running);
    Atomics.store(this.#numbers, SHARED.isDebugged, inspector.url() === undefined ? 0 : 1);
  }

  /** Hears at once what the keeper has said while the main loop was blocked. */
  catchUp(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#port) as { message: FromKeeper } | undefined;
      if (received === undefined) return;
      this.#hear(received.message);
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#port.close();
    await this.#worker.terminate();
  }

  /** The process has waited for the keeper to be there; from now on, what its engine works on keeps it alive. */
  #unref(): void {
    this.#port.unref();
    this.#worker.unref();
  }
}
