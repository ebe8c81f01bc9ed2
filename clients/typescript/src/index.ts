export * from "./client-entry.js";
export { CancelRequested, EventLeaseAbort, HandlerTimeout, LeaseLost, Stopping } from "./abort.js";
export { currentEvent } from "./current.js";
export { Engine, run } from "./engine.js";
export { Event, Previous } from "./event.js";
export type { Around, ErrorClass, HandlerFunction, HandlerOptions, HandlerResult } from "./handlers.js";
export {
  Completed,
  EngineRefused,
  Failed,
  Hold,
  LeaseUncertain,
  NotRetryable,
  PayloadInvalid,
  Release,
  Released,
  RetryAfter,
  type FailureOptions,
  type Report,
  type ReportedError,
} from "./outcomes.js";
export type { Told } from "./rules/leases.js";
export type { OutputOf, StandardSchema } from "./schema.js";
export type { EngineOptions } from "./settings.js";
export type { Answer } from "./settlements.js";
export type { Stats } from "./stats.js";
