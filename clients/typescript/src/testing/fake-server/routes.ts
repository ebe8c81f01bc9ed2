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

/** The operations that a test may order misfortunes for. */
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

export interface Route {
  readonly operation: Operation;
  readonly handler: (call: Call) => object | void | Promise<object>;
  /** Those who may ask for it, engines for themselves only; undefined: all. */
  readonly roles: readonly string[] | undefined;
}

// The method, the path, the handler, and the roles of those who may ask.
const ROUTES: Record<Operation, [string, string, Route["handler"], string?]> = {
  register: ["POST", "/engines", engines.register, "engine orchestrator registrar"],
  readEngine: ["GET", "/engines/:engine_id", engines.read, "engine orchestrator operator reader"],
  changeEngine: ["PATCH", "/engines/:engine_id", engines.change, "orchestrator"],
  deregister: ["DELETE", "/engines/:engine_id", engines.deregister, "engine orchestrator"],
  heartbeat: ["POST", "/engines/:engine_id/heartbeat", heartbeat, "engine"],
  drain: ["POST", "/engines/:engine_id/drain", engines.drain, "engine orchestrator operator"],
  resume: ["POST", "/engines/:engine_id/resume", engines.resume, "orchestrator operator"],
  renewToken: ["POST", "/engines/:engine_id/token", engines.renewToken, "orchestrator registrar"],
  exchange: ["POST", "/events/queue/:engine_type/lease", exchange, "engine"],
  settleMany: ["PUT", "/events/status", settleMany, "engine"],
  settleOne: ["PUT", "/events/:event_id/status", settleOne, "engine"],
  enqueue: ["POST", "/events", enqueue, "producer orchestrator operator"],
  enqueueBatch: ["POST", "/events/batch", enqueueBatch, "producer orchestrator operator"],
  wait: ["POST", "/events/wait", reading.wait, "producer orchestrator operator reader"],
  readEvent: ["GET", "/events/:event_id", reading.readEvent, "producer orchestrator operator reader"],
  attempts: ["GET", "/events/:event_id/attempts", reading.attempts, "producer orchestrator operator reader"],
  cancel: ["POST", "/events/:event_id/cancel", reading.cancel, "producer orchestrator operator"],
  readRun: ["GET", "/scenario-runs/:scenario_run_id", reading.readRun, "orchestrator operator reader"],
  cancelRun: ["POST", "/scenario-runs/:scenario_run_id/cancel", reading.cancelRun, "orchestrator operator"],
  reopenRun: ["POST", "/scenario-runs/:scenario_run_id/reopen", reading.reopenRun, "orchestrator operator"],
  createToken: ["POST", "/tokens", tokens.create, "admin"],
  listTokens: ["GET", "/tokens", tokens.list, "admin"],
  revokeToken: ["DELETE", "/tokens/:token_id", tokens.revoke, "admin"],
  readServer: ["GET", "/server", engines.server],
};
export const OPERATIONS: readonly Operation[] = Object.keys(ROUTES) as Operation[];

/** The route of a request, and the parameters of its path. */
export function find(method: string, path: string): { route: Route; params: Record<string, string> } {
  const allowed: string[] = [];
  for (const operation of OPERATIONS) {
    const [ownMethod, pattern, handler, roles] = ROUTES[operation];
    const params = match(pattern, path);
    if (params === undefined) continue;
    allowed.push(ownMethod);
    if (ownMethod !== method) continue;
    const wrong = Object.keys(params).filter(
      (name) => /(engine|event|token)_id/.test(name) && !UUID.test(params[name] ?? ""),
    );
    if (wrong.length > 0) throw invalid(wrong.map((parameter) => ({ parameter, detail: "is not a UUID" })));
    return { route: { operation, handler, roles: roles?.split(" ") }, params };
  }
  if (allowed.length === 0) throw new Refused("not_found", `no resource has the path /api/v1${path}`);
  const refused = new Refused("method_not_allowed", `${method} is not among the methods in Allow`);
  refused.headers["allow"] = allowed.join(", ");
  throw refused;
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const parts = path.split("/");
  const names = pattern.split("/");
  if (parts.length !== names.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, name] of names.entries()) {
    const part = parts[index] ?? "";
    if (name.startsWith(":")) params[name.slice(1)] = decodeURIComponent(part);
    else if (name !== part) return undefined;
  }
  return params;
}
