/** What runs now: the handler of an event, or another part of an engine. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Event } from "./event.js";

interface Scope {
  engine: object | undefined;
  event: Event | undefined;
}

// One for both: in Node 20 each of these adds to the cost of every promise of the process.
const scope: AsyncLocalStorage<Scope> = new AsyncLocalStorage();

/** The event whose handler has called this, directly or through whatever it awaits; undefined outside of handlers. */
export function currentEvent(): Event | undefined {
  return scope.getStore()?.event;
}

/** The engine whose handlers, callbacks or lifespan have called this. */
export function currentEngine(): object | undefined {
  return scope.getStore()?.engine;
}

/** Calls a function as part of the handler of an event. */
export function within<T>(event: Event, call: () => T): T {
  return scope.run({ engine: currentEngine(), event }, call);
}

/** Calls a function as part of an engine. */
export function withinEngine<T>(engine: object, call: () => T): T {
  return scope.run({ engine, event: undefined }, call);
}
