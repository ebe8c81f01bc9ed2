/** `eventlease/client`: the client, without the engine. */

export { Client } from "./client.js";
export type { ClientCallOptions, ClientOptions } from "./client.js";
export type { TokenSource } from "./credentials.js";
export type { Json } from "./encoding.js";
export type { EnqueueOptions, EnqueueResult, Enqueued, NewClientEvent } from "./enqueuing.js";
export {
  AlreadySettled,
  BufferFull,
  ConfigurationError,
  Conflict,
  EventCancelled,
  EventFailed,
  EventLeaseError,
  Forbidden,
  InvalidInput,
  LeaseEnded,
  NotEventLease,
  NotFound,
  ProblemError,
  TimeoutError,
  Unauthenticated,
  Unavailable,
} from "./errors.js";
export type { BadPlace, Problem } from "./errors.js";
export type { LogFields, Logger } from "./logger.js";
export type { NewEvent, RetryPolicy } from "./new-event.js";
export type { Fetch } from "./transport.js";
export { VERSION } from "./version.js";
export type { WaitOptions } from "./waiting.js";
export type { Method, ReplyTo, Schemas } from "./wire.js";
