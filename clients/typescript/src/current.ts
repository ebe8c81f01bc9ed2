/** The event whose handler runs. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Event } from "./event.js";

const current: AsyncLocalStorage<Event> = new AsyncLocalStorage();

/** The event whose handler has called this, directly or through whatever it awaits; undefined outside of handlers. */
export function currentEvent(): Event | undefined {
  return current.getStore();
}

/** Calls a function as part of the handler of an event. */
export function within<T>(event: Event, call: () => T): T {
  return current.run(event, call);
}
