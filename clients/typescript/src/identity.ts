import { numberOf } from "./encoding.js";
import { randomUUID } from "node:crypto";
import { CLIENT, Calls } from "./calls.js";
import { tokenOf, type Credentials } from "./credentials.js";
import { Conflict, EventLeaseError, Forbidden, NotFound, ProblemError, Unavailable } from "./errors.js";
import type { Life } from "./life.js";
import { EngineRefused } from "./outcomes.js";
import { ENGINE } from "./rules/repeats.js";
import { recovery } from "./rules/replies.js";
import { REFUSED_STATUS, SUPERSEDED_STATUS } from "./rules/shutdown.js";

const CALL_SECONDS = 30;
const REGISTRATION_PAUSE_SECONDS = 10;
const TOKEN_PAUSE_SECONDS = 5;
const SAY_AGAIN_SECONDS = 30;
const MAX_CAPABILITIES = 100;

/** Who this engine is: it registers, gives calls their headers, and registers anew where the server has forgotten it. */
export class Identity implements Credentials {
  readonly #life: Life;
  readonly #configured: Credentials;
  readonly #calls: Calls;
  readonly #saidAt = new Map<string, number>();
  #token: string | null = null;
  #triedAt = -Infinity;
  #noTokenAt = -Infinity;
  #isOver = false;
  /** Ends when the token or the registration that is being renewed is there: one at a time renews it. */
  #turn: Promise<unknown> = Promise.resolve();
  engineId: string;
  incarnation = 0;
  /** Goes up with every registration. */
  generation = 0;
  intervalSeconds: number;
  isRegistered = false;

  constructor(life: Life) {
    this.#life = life;
    this.#configured = tokenOf(life.settings.token, life.settings.logger);
    this.#calls = life.newCalls(this.#configured);
    this.engineId = life.settings.engineId ?? randomUUID();
    this.intervalSeconds = life.settings.heartbeatTimeoutSeconds / 3;
  }

  toString(): string {
    return `engine ${this.engineId} (${this.#life.settings.engineType})`;
  }

  /** The address of this engine. */
  get path(): string {
    return `/engines/${this.engineId}`;
  }

  headers(): Record<string, string> {
    const who = this.#token === null ? { "X-Engine-Id": this.engineId } : { Authorization: `Bearer ${this.#token}` };
    return { ...who, "X-Engine-Incarnation": String(this.incarnation) };
  }

  /** A new token, with which the leases are kept. */
  renew(): Promise<boolean> {
    const refused = this.#token;
    return this.#inTurn(async () => {
      if (this.#token !== refused) return true; // another call has renewed it
      if (this.#isOver || this.#now() < this.#noTokenAt + TOKEN_PAUSE_SECONDS) return false;
      try {
        // An engine's own token of an earlier registration is refused with 409, after which none is read anew.
        await this.#configured.renew();
        const reply = await this.#call("POST", `${this.path}/token`, {}, ["engine_token"]);
        this.#token = reply["engine_token"] as string;
        this.#log("info", `${this.toString()} has a new token`);
        this.#life.heart.identified();
      } catch (error) {
        if (error instanceof NotFound || error instanceof Forbidden) {
          this.#loseAll("engine_removed");
          await this.#registerAnew();
        } else {
          this.#noTokenAt = this.#now();
          const why = expected(error).message;
          this.#log("error", `the token of ${this.toString()} has ended, and there is no new one: ${why}`);
          return false;
        }
      }
      return this.#token !== refused;
    });
  }

  /** Registers for the first time; waits for a server. Throws EngineRefused. */
  async register(): Promise<void> {
    for (;;) {
      try {
        await this.#register();
        this.#log("info", `${this.toString()} is registered`);
        return;
      } catch (cause) {
        const error = expected(cause);
        if (!(error instanceof Unavailable)) {
          throw new EngineRefused(`registration was refused: ${error.message}`, { cause: error });
        }
        await this.#life.pause(REGISTRATION_PAUSE_SECONDS);
        if (this.#life.stopped.aborted) return;
        this.#log("warn", error.message);
      }
    }
  }

  /** After a call was refused as a whole; `generation` is the one that it was sent under. */
  async recover(error: ProblemError, generation: number): Promise<void> {
    const what = recovery(error.code, error.status);
    if (this.#isOver) return;
    if (what === "refused") this.#over(REFUSED_STATUS, error.message);
    if (what !== "register" && what !== "superseded") {
      this.#sayRefused(error);
      return;
    }
    await this.#inTurn(async () => {
      if (this.#isOver || this.generation !== generation) return; // it has been registered since that call was sent
      this.#loseAll(what === "register" ? "engine_removed" : "engine_restarted");
      if (what === "superseded") {
        const before = this.engineId;
        if (this.#life.settings.engineId !== undefined) {
          this.#over(SUPERSEDED_STATUS, `another process has registered as engine ${before}`);
          return;
        }
        this.engineId = randomUUID();
        this.#token = null;
        this.#log("error", `another process uses the id ${before}; this engine is ${this.toString()} now`);
      }
      await this.#registerAnew();
    });
  }

  /** Deregisters: what the server still thinks we hold goes back. Nothing registers the engine after that. */
  async leave(seconds: number): Promise<void> {
    this.#isOver = true;
    const error = await this.say("DELETE", "", seconds);
    if (error === null || error instanceof NotFound || error instanceof Conflict) return;
    const what = "leaves; it frees its events after the heartbeat timeout";
    this.#log("warn", `the server was not told that ${this.toString()} ${what}: ${error.message}`);
  }

  /** One call beside those of the parts, also after their end. The error, if it was not taken. */
  async say(method: string, what: string, seconds: number): Promise<EventLeaseError | null> {
    const { urls, fetch, json, logger } = this.#life.settings;
    const calls = new Calls(urls, { credentials: this, fetch, json, logger });
    const repeat = { isSafe: true, withinSeconds: seconds };
    try {
      await calls.send(method, this.path + what, method === "POST" ? "{}" : undefined, { seconds, repeat });
      return null;
    } catch (error) {
      return expected(error);
    }
  }

  /** In the turn of its caller. */
  async #registerAnew(): Promise<void> {
    await this.#life.pause(Math.max(this.#triedAt + REGISTRATION_PAUSE_SECONDS - this.#now(), 0));
    if (this.#life.stopped.aborted) return;
    try {
      await this.#register();
    } catch (cause) {
      const error = expected(cause);
      if (error instanceof Unavailable) return;
      if (error instanceof ProblemError && recovery(error.code, error.status) === "refused") {
        this.#over(REFUSED_STATUS, error.message);
      }
      this.#log("error", `registration of ${this.toString()} was refused: ${error.message}`);
      return;
    }
    this.#log("warn", `${this.toString()} is registered anew`);
  }

  async #register(): Promise<void> {
    const { settings, leases, handlers } = this.#life;
    this.#triedAt = this.#now();
    const body = {
      engine_id: this.engineId,
      engine_type: settings.engineType,
      heartbeat_timeout_seconds: settings.heartbeatTimeoutSeconds,
      metadata: {
        static_config: {
          ...settings.metadata,
          client: CLIENT,
          capabilities: (settings.capabilities ?? handlers.types()).slice(0, MAX_CAPABILITIES),
          resource_limits: { max_concurrent_events: settings.capacity },
          engine_software_version: settings.softwareVersion,
        },
      },
      scenario_run_id: settings.scenarioRunId,
      may_enqueue: settings.mayEnqueue,
    };
    const reply = await this.#call("POST", "/engines", body, ["engine_id", "incarnation"]);
    this.#token = (reply["engine_token"] as string | null | undefined) ?? null;
    this.incarnation = numberOf(reply["incarnation"]);
    this.intervalSeconds = numberOf(reply["heartbeat_interval_seconds"] || this.intervalSeconds);
    const { limits = {} } = (reply["server"] ?? {}) as { limits?: Record<string, number> };
    leases.maxDetailBytes = numberOf(limits["max_detail_bytes"] ?? leases.maxDetailBytes);
    leases.maxJsonDepth = numberOf(limits["max_json_depth"] ?? leases.maxJsonDepth);
    leases.table.aliveUntil = this.#now() + settings.heartbeatTimeoutSeconds;
    this.generation += 1;
    this.isRegistered = true;
    this.#life.heart.identified();
  }

  async #call(method: string, path: string, body: object, members: string[]): Promise<Record<string, unknown>> {
    const text = JSON.stringify(body);
    const reply = await this.#calls.send(method, path, text, { seconds: CALL_SECONDS, repeat: ENGINE });
    const answer = this.#calls.decodeObject(reply, ...members);
    return answer;
  }

  /** After what was begun before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }

  #loseAll(reason: string): void {
    const lost = this.#life.leases.loseAll(reason).length;
    if (lost > 0) this.#log("warn", `${this.toString()} has lost all ${lost} leases: ${reason}`);
  }

  #sayRefused(error: ProblemError): void {
    const now = this.#now();
    if (now < (this.#saidAt.get(error.code) ?? -Infinity) + SAY_AGAIN_SECONDS) return;
    this.#saidAt.set(error.code, now);
    this.#log("error", `a call of ${this.toString()} was refused: ${error.message}`);
  }

  #over(status: number, why: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#life.end(status, why);
  }

  #now(): number {
    return this.#life.leases.now();
  }

  #log(level: "info" | "warn" | "error", message: string): void {
    const { settings } = this.#life;
    const fields = { engineId: this.engineId, engineType: settings.engineType, incarnation: this.incarnation };
    settings.logger[level](fields, message);
  }
}

/** An error of a call. What is none is a fault of ours, and thrown. */
function expected(error: unknown): EventLeaseError {
  if (error instanceof EventLeaseError) return error;
  throw error;
}
