/** Why a handler should stop: the `reason` of its signal. */
import { EventLeaseError, nameErrors } from "./errors.js";
import type { Told } from "./rules/leases.js";

/** The base of what `event.signal` is aborted with, and of what `event.check()` throws. */
export class EventLeaseAbort extends EventLeaseError {}

/** Another engine may work on the event now. */
export class LeaseLost extends EventLeaseAbort {}

/** Somebody has cancelled the event. */
export class CancelRequested extends EventLeaseAbort {}

/** The handler has used up its time. */
export class HandlerTimeout extends EventLeaseAbort {}

/** The engine ends. */
export class Stopping extends EventLeaseAbort {}

nameErrors({ EventLeaseAbort, LeaseLost, CancelRequested, HandlerTimeout, Stopping });

/** The reason of a signal, for what a handler was told. */
export function abortFor(told: Told): EventLeaseAbort {
  switch (told) {
    case "lease_lost":
      return new LeaseLost("the lease was lost");
    case "cancel_requested":
      return new CancelRequested("the event was cancelled");
    case "timeout":
      return new HandlerTimeout("the handler did not end within its time limit");
    case "stopping":
      return new Stopping("the engine stops");
  }
}
