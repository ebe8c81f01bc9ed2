/** Waits for any number of events with a few requests, and with none while nothing is awaited. */

import { onAbort } from "./abort-listeners.js";
import type { Calls } from "./calls.js";
import { after } from "./clock.js";
import { EventLeaseError, TimeoutError, Unavailable } from "./errors.js";
import { MAX_AWAITED, MAX_WAIT_SECONDS, TimeLimit, waitOnce } from "./waiting.js";
import type { Ended, WaitOptions } from "./waiting.js";

const MAX_REQUESTS = 8;
const REPEAT = { isSafe: true, withinSeconds: 30 };

type Listener = (ended: Ended) => void;

/** A sequence of requests that wait for the same events while some of them are open. */
interface Loop {
  eventIds: readonly string[];
  controller: AbortController;
}

export class Watcher {
  readonly #calls: Calls;
  readonly #closing: AbortSignal;
  readonly #awaited: Map<string, Set<Listener>> = new Map();
  readonly #loops: Set<Loop> = new Set();
  #unwatched: string[] = [];

  constructor(calls: Calls, closing: AbortSignal) {
    this.#calls = calls;
    this.#closing = closing;
  }

  /** Resolves with the end of each event, which is a TimeoutError if the event is open when the time is over. */
  async ends(eventIds: Iterable<string>, { timeoutSeconds, signal }: WaitOptions): Promise<Map<string, Ended>> {
    if (this.#closing.aborted) throw new Unavailable("the client is closed");
    signal?.throwIfAborted();
    const open = new Set(eventIds);
    const ends: Map<string, Ended> = new Map();
    const cleanUp: (() => void)[] = [];
    await new Promise<void>((resolve) => {
      if (open.size === 0) resolve();
      for (const eventId of open) {
        const listener = (end: Ended): void => {
          ends.set(eventId, end);
          open.delete(eventId);
          if (open.size === 0) resolve();
        };
        cleanUp.push(this.#watch(eventId, listener));
      }
      if (timeoutSeconds !== undefined) cleanUp.push(after(timeoutSeconds, resolve));
      if (signal !== undefined) cleanUp.push(onAbort(signal, resolve));
    });
    for (const each of cleanUp) each();
    signal?.throwIfAborted();
    await this.#checkOpen([...open], ends);
    return ends;
  }

  /** Asks the server about the events that seem open when the time is over: they may have ended meanwhile. */
  async #checkOpen(eventIds: readonly string[], ends: Map<string, Ended>): Promise<void> {
    const repeat = { isSafe: true, withinSeconds: 0 };
    for (let from = 0; from < eventIds.length; from += MAX_AWAITED) {
      const asked = eventIds.slice(from, from + MAX_AWAITED);
      try {
        const ended = await waitOnce(this.#calls, asked, 0, repeat);
        for (const eventId of asked) {
          const error = new TimeoutError(`event ${eventId} is still open`);
          ends.set(eventId, ended.get(eventId) ?? { error });
        }
      } catch (error) {
        if (!(error instanceof EventLeaseError)) throw error;
        for (const eventId of asked) ends.set(eventId, { error });
      }
    }
  }

  /** Calls the listener when the event has ended, unless the returned function is called first. */
  #watch(eventId: string, listener: Listener): () => void {
    const known = this.#awaited.get(eventId);
    const listeners = known ?? new Set();
    listeners.add(listener);
    if (known === undefined) {
      this.#awaited.set(eventId, listeners);
      this.#unwatched.push(eventId);
      if (this.#loops.size < MAX_REQUESTS) void this.#run();
    }
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0 || this.#awaited.get(eventId) !== listeners) return;
      this.#awaited.delete(eventId);
      for (const loop of this.#loops) {
        if (!loop.eventIds.some((each) => this.#awaited.has(each))) loop.controller.abort();
      }
    };
  }

  async #run(): Promise<void> {
    const loop: Loop = { eventIds: [], controller: new AbortController() };
    this.#loops.add(loop);
    await Promise.resolve(); // so that events of the same turn of the event loop share a request
    while ((loop.eventIds = this.#next(loop.eventIds)).length > 0) {
      if (loop.controller.signal.aborted) loop.controller = new AbortController();
      const { signal } = loop.controller;
      const limit = new TimeLimit(undefined);
      const ended = await this.#wait(loop.eventIds, limit, signal);
      for (const [eventId, end] of ended) {
        const listeners = this.#awaited.get(eventId) ?? [];
        this.#awaited.delete(eventId);
        for (const listener of listeners) listener(end);
      }
      if (ended.size === 0) await limit.pause(signal, this.#closing);
    }
    this.#loops.delete(loop);
  }

  async #wait(eventIds: readonly string[], limit: TimeLimit, signal: AbortSignal): Promise<Map<string, Ended>> {
    // While all requests are in use, none waits long, so that new events are soon part of one.
    const isBrief = this.#unwatched.length > 0 || this.#loops.size === MAX_REQUESTS;
    try {
      return await waitOnce(this.#calls, eventIds, limit.waitSeconds(isBrief ? 1 : MAX_WAIT_SECONDS), REPEAT, signal);
    } catch (error) {
      // Each caller has a time limit of its own, so the loop goes on.
      if (signal.aborted || (error instanceof Unavailable && !this.#closing.aborted)) return new Map();
      const known = error instanceof EventLeaseError ? error : new EventLeaseError("waiting failed", { cause: error });
      return new Map(eventIds.map((eventId) => [eventId, { error: known }]));
    }
  }

  /** The events of the next request, beginning with those that no loop has yet; without any, the loop ends. */
  #next(watched: readonly string[]): string[] {
    const open = new Set([...this.#unwatched, ...watched].filter((eventId) => this.#awaited.has(eventId)));
    const eventIds = [...open];
    this.#unwatched = eventIds.splice(MAX_AWAITED);
    return eventIds;
  }
}
