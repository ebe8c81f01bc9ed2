/** The real server, started for tests with a private PostgreSQL and a data directory of its own. */

import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, statSync } from "node:fs";
import { chmod, mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

const STOP_SECONDS = 60;
// Stands between this process and the server, and outlives this process: when its input ends it stops the server, and
// unless it read a line before it also removes the data.
const GUARDIAN = `
folder=$1; shift
"$@" </dev/null &
server=$!
echo "$server"
exec >&-
read -r word || rm_data=yes
kill "$server" 2>/dev/null
wait "$server"
status=$?
[ -z "$rm_data" ] || rm -rf "$folder"
exit $status`;

export interface ServerOptions {
  /** Further flags of `eventlease serve`. */
  flags?: readonly string[];
  /** The program, which is else found by `EVENTLEASE_BINARY`, `PATH`, or Python's package `eventlease-server`. */
  binary?: string;
  startSeconds?: number;
}

/**
 * Starts a server, whose data is removed when it is closed, and when this process ends.
 *
 * One is enough for a test run: give each test a queue of its own. It keeps no process alive.
 */
export async function startServer(options: ServerOptions = {}): Promise<RealServer> {
  const command = options.binary === undefined ? findProgram() : [options.binary];
  const folder = await mkdtemp(join(tmpdir(), "eventlease-test-"));
  // As root, the private PostgreSQL runs as another user, who must get through to its data.
  await chmod(folder, 0o711);
  const server = new RealServer(folder, command, options);
  try {
    await server.start();
  } catch (error) {
    await server.close();
    throw error;
  }
  return server;
}

/** A process of the server. It can be killed and started again on the same address and data. */
export class RealServer {
  /** Like `http://127.0.0.1:41234`. */
  url = "";
  pid = 0;
  /** Has its data and its log, `server.log`. */
  readonly folder: string;
  readonly #command: readonly string[];
  readonly #flags: string[];
  readonly #dataDir: string;
  readonly #startSeconds: number;
  #listen: string;
  #guardian: ChildProcessByStdio<Writable, Readable, null> | undefined;

  constructor(folder: string, command: readonly string[], { flags = [], startSeconds = 60 }: ServerOptions) {
    this.folder = folder;
    this.#command = command;
    this.#flags = [...flags];
    this.#listen = take(this.#flags, "--listen") ?? "127.0.0.1:0";
    this.#dataDir = take(this.#flags, "--data-dir") ?? join(folder, "data");
    this.#startSeconds = startSeconds;
  }

  /** The URL of its private database, for `--database-url` of a further replica. */
  get databaseUrl(): string {
    const host = encodeURIComponent(join(this.#dataDir, "socket"));
    return `postgres://postgres@localhost:5432/postgres?host=${host}&sslmode=disable`;
  }

  /** Starts it again, and returns when it answers requests. */
  async start(): Promise<void> {
    const hasDatabase = this.#flags.some((flag) => flag.startsWith("--database-url"));
    const serve = ["serve", "--listen", this.#listen, ...(hasDatabase ? [] : ["--data-dir", this.#dataDir])];
    // Neither a database nor settings of the surroundings are the test's.
    const kept = Object.entries(process.env).filter(([name]) => name !== "DATABASE_URL" && !/^EVENTLEASE_/.test(name));
    const log = await open(this.#logFile, "a");
    const guardian = spawn(
      "/bin/sh",
      ["-c", GUARDIAN, "sh", this.folder, ...this.#command, ...serve, ...this.#flags],
      // Ctrl-C is for the tests, which then stop it in order.
      { stdio: ["pipe", "pipe", log.fd], env: Object.fromEntries(kept), detached: true },
    ) as ChildProcessByStdio<Writable, Readable, null>;
    await log.close();
    this.#guardian = guardian;
    let isReady = false;
    guardian.stdin.on("error", () => undefined); // it has ended by itself
    const timer = setTimeout(() => {
      this.signal("SIGKILL");
    }, this.#startSeconds * 1000);
    try {
      for await (const line of createInterface({ input: guardian.stdout })) {
        if (this.pid === 0) this.pid = Number(line);
        const ready = /^listening on (http:\/\/(\S+))$/.exec(line);
        if (ready === null) continue;
        this.url = ready[1] ?? "";
        this.#listen = ready[2] ?? "";
        isReady = true;
        break;
      }
    } finally {
      clearTimeout(timer);
    }
    if (!isReady) {
      await this.terminate();
      throw new Error(`the server did not start; its log ends with:\n${(await this.logText()).slice(-2000)}`);
    }
    guardian.stdout.resume();
    for (const each of [guardian, guardian.stdin, guardian.stdout]) (each as { unref?: () => void }).unref?.();
  }

  /** Stops it in order, as a supervisor does, and returns its exit status. */
  async terminate(): Promise<number> {
    const guardian = this.#guardian;
    if (guardian === undefined) return 0;
    this.#guardian = undefined;
    const timer = setTimeout(() => {
      this.signal("SIGKILL");
    }, STOP_SECONDS * 1000);
    guardian.ref();
    const hasExited = guardian.exitCode !== null || guardian.signalCode !== null;
    const exited = hasExited ? Promise.resolve() : once(guardian, "exit");
    guardian.stdin.end("stop\n");
    await exited;
    clearTimeout(timer);
    this.pid = 0;
    return guardian.exitCode ?? 1;
  }

  /** Ends it without notice, as a crash does. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.terminate();
  }

  /** Sends it a signal, such as SIGSTOP. */
  signal(signal: NodeJS.Signals): void {
    if (this.pid > 0) process.kill(this.pid, signal);
  }

  /** What it has logged so far. */
  async logText(): Promise<string> {
    return readFile(this.#logFile, "utf8");
  }

  /** Stops it, and removes its data. */
  async close(): Promise<void> {
    await this.terminate();
    // Where the server was killed, its PostgreSQL writes until it has noticed.
    await rm(this.folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #logFile(): string {
    return join(this.folder, "server.log");
  }
}

function findProgram(): string[] {
  const named = process.env["EVENTLEASE_BINARY"];
  if (named) return [named];
  const found = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "eventlease"));
  const program = found.find(isProgram);
  if (program !== undefined) return [program];
  const python = ["python3", "-c", "from eventlease_server import main; main()"];
  if (spawnSync("python3", ["-c", "import eventlease_server"]).status === 0) return python;
  throw new Error(
    "the program `eventlease` was not found: put it on PATH, name it with the variable EVENTLEASE_BINARY, " +
      "or install it with pip install 'eventlease-server[postgres]'",
  );
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Takes a flag out of the list, and returns its value. */
function take(flags: string[], name: string): string | undefined {
  const index = flags.findIndex((flag) => flag === name || flag.startsWith(`${name}=`));
  if (index < 0) return undefined;
  const [flag = "", value] = flags.splice(index, flags[index] === name ? 2 : 1);
  return flag === name ? value : flag.slice(name.length + 1);
}
