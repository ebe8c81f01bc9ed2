/** The reasons for which a handler should stop. */
import { EventLeaseError, nameErrors } from "./errors.js";
import type { Told } from "./rules/leases.js";

/** The base of the reasons of `event.signal`, which `event.check()` throws. */
export class EventLeaseAbort extends EventLeaseError {}

/** The lease was lost: another engine may work on the event now. */
export class LeaseLost extends EventLeaseAbort {}

/** The event was cancelled. */
export class CancelRequested extends EventLeaseAbort {}

/** The handler did not end within its time limit. */
export class HandlerTimeout extends EventLeaseAbort {}

/** The engine stops. */
export class Stopping extends EventLeaseAbort {}

nameErrors({ EventLeaseAbort, LeaseLost, CancelRequested, HandlerTimeout, Stopping });

/** The error for a reason. */
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
