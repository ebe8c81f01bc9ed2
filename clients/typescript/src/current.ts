/** The event and the engine that the running code belongs to. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Event } from "./event.js";

interface Scope {
  engine: object | undefined;
  event: Event | undefined;
}

// One store for both, because in Node 20 each AsyncLocalStorage makes every promise of the process cost more.
const scope: AsyncLocalStorage<Scope> = new AsyncLocalStorage();

/** The event whose handler called this, directly or in what it awaits; undefined outside of handlers. */
export function currentEvent(): Event | undefined {
  return scope.getStore()?.event;
}

/** The engine whose handlers, callbacks or lifespan called this. */
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
