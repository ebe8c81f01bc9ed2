/** Which handler answers which request, and of whom. */

import type { Call } from "./call.js";
import * as engines from "./engines.js";
import { enqueue, enqueueBatch } from "./enqueueing.js";
import { UUID } from "./fields.js";
import { heartbeat } from "./heartbeats.js";
import { exchange } from "./leasing.js";
import * as reading from "./reading.js";
import { invalid, Refused } from "./refusals.js";
import { settleMany, settleOne } from "./settling.js";
import * as tokens from "./tokens.js";

/** What a test may order misfortunes for. */
export type Operation =
  | "register"
  | "readEngine"
  | "changeEngine"
  | "deregister"
  | "heartbeat"
  | "drain"
  | "resume"
  | "renewToken"
  | "exchange"
  | "settleMany"
  | "settleOne"
  | "enqueue"
  | "enqueueBatch"
  | "wait"
  | "readEvent"
  | "attempts"
  | "cancel"
  | "readRun"
  | "cancelRun"
  | "reopenRun"
  | "createToken"
  | "listTokens"
  | "revokeToken"
  | "readServer";
type Handler = (call: Call) => unknown;

const PRODUCERS = "producer orchestrator operator";
const READERS = "producer orchestrator operator reader";
/** By operation: method and path, handler, and the roles of those who may ask for it, engines for themselves only. */
const ROUTES: Record<Operation, [string, Handler, string?]> = {
  register: ["POST /engines", engines.register, "engine orchestrator registrar"],
  readEngine: ["GET /engines/:engine_id", engines.readEngine, "engine orchestrator operator reader"],
  changeEngine: ["PATCH /engines/:engine_id", engines.changeEngine, "orchestrator"],
  deregister: ["DELETE /engines/:engine_id", engines.deregister, "engine orchestrator"],
  heartbeat: ["POST /engines/:engine_id/heartbeat", heartbeat, "engine"],
  drain: ["POST /engines/:engine_id/drain", engines.drain, "engine orchestrator operator"],
  resume: ["POST /engines/:engine_id/resume", engines.resume, "orchestrator operator"],
  renewToken: ["POST /engines/:engine_id/token", engines.renewToken, "orchestrator registrar"],
  exchange: ["POST /events/queue/:engine_type/lease", exchange, "engine"],
  settleMany: ["PUT /events/status", settleMany, "engine"],
  settleOne: ["PUT /events/:event_id/status", settleOne, "engine"],
  enqueue: ["POST /events", enqueue, PRODUCERS],
  enqueueBatch: ["POST /events/batch", enqueueBatch, PRODUCERS],
  wait: ["POST /events/wait", reading.wait, READERS],
  readEvent: ["GET /events/:event_id", reading.readEvent, READERS],
  attempts: ["GET /events/:event_id/attempts", reading.attempts, READERS],
  cancel: ["POST /events/:event_id/cancel", reading.cancel, PRODUCERS],
  readRun: ["GET /scenario-runs/:scenario_run_id", reading.readRun, "orchestrator operator reader"],
  cancelRun: ["POST /scenario-runs/:scenario_run_id/cancel", reading.cancelRun, "orchestrator operator"],
  reopenRun: ["POST /scenario-runs/:scenario_run_id/reopen", reading.reopenRun, "orchestrator operator"],
  createToken: ["POST /tokens", tokens.create, "admin"],
  listTokens: ["GET /tokens", tokens.list, "admin"],
  revokeToken: ["DELETE /tokens/:token_id", tokens.revoke, "admin"],
  readServer: ["GET /server", engines.server],
};
export const OPERATIONS: readonly Operation[] = Object.keys(ROUTES) as Operation[];

/** What a request asks for. */
export interface Route {
  operation: Operation;
  handler: Handler;
  roles: string | undefined;
  params: Record<string, string>;
}

export function find(method: string, path: string): Route {
  const allowed: string[] = [];
  for (const operation of OPERATIONS) {
    const [route, handler, roles] = ROUTES[operation];
    const [ownMethod = "", pattern = ""] = route.split(" ");
    const params = new RegExp(`^${pattern.replace(/:(\w+)/g, "(?<$1>[^/]+)")}$`).exec(path);
    if (params !== null) allowed.push(ownMethod);
    if (params === null || ownMethod !== method) continue;
    const decoded = Object.entries(params.groups ?? {}).map(
      ([name, value]) => [name, decodeURIComponent(value)] as const,
    );
    const wrong = decoded.filter(([name, value]) => /^(engine|event|token)_id$/.test(name) && !UUID.test(value));
    if (wrong.length > 0) throw invalid(wrong.map(([parameter]) => ({ parameter, detail: "is not a UUID" })));
    return { operation, handler, roles, params: Object.fromEntries(decoded) };
  }
  if (allowed.length === 0) throw new Refused("not_found", `no resource has the path /api/v1${path}`);
  const refused = new Refused("method_not_allowed", `${method} is not among the methods in Allow`);
  refused.headers["allow"] = allowed.join(", ");
  throw refused;
}
