/** What the page asks again and again. */
import { effect, signal } from "../vendor/signals.js";
import { useEffect, useLayoutEffect, useMemo } from "../vendor/hooks.js";
import { pauseSeconds } from "../rules/clock.js";
import { isReachable, mayAsk } from "./live.js";
import { needsSignIn } from "./session.js";
import { pace } from "./taste.js";

/** @typedef {import("../api/call.js").CallError} CallError */

/**
 * What is known of something that is asked for. While it is asked for again, and when that fails, the old data stay.
 * @template T
 * @typedef {object} Known
 * @property {T | null} data
 * @property {CallError | null} error  of the last call
 * @property {number | null} at  when `data` came, in milliseconds of this machine's clock
 * @property {import("../vendor/signals.js").ReadonlySignal<unknown>} running  null while nothing is asked; drawn by whoever reads it
 * @property {number | null} nextTryAt
 * @property {number | null} seconds  between two answers; null: it is asked for once
 */

/**
 * @template T
 * @typedef {Known<T> & { refresh: () => Promise<void> }} Poll
 */

/** Those that are shown, by their keys. @type {Map<string, Polling<any>>} */
const polls = new Map();

/** Something on the screen was answered: the page shows more than its frame. */
export const isAnswered = signal(false);

/** Asks for everything on the screen again, after a change; for what was refused once somebody has signed in. */
export function refreshAll(hasSignedIn = false) {
  for (const poll of polls.values()) if (hasSignedIn || !poll.isRefused) void poll.ask();
}

/** What is asked for more seldom may be older by as much as that. */
const USUAL_SECONDS = 15;

/** When the oldest data on the screen came, in milliseconds; null where nothing is asked for again. */
export function oldestAt() {
  let oldest = null;
  for (const { known } of polls.values()) {
    const { at, seconds } = known.value;
    if (seconds === null || at === null) continue;
    const due = at + Math.max(0, seconds - USUAL_SECONDS) * 1000;
    if (oldest === null || due < oldest) oldest = due;
  }
  return oldest;
}

/** @template T */
class Polling {
  failures = 0;
  running = signal(/** @type {AbortController | null} */ (null));
  timer = 0;
  isStarted = false;
  users = 0;
  stopWatching = () => {};

  /** @param {(signal: AbortSignal, before: T | null) => Promise<T>} question @param {number | null} seconds */
  constructor(question, seconds) {
    this.question = question;
    this.seconds = seconds;
    /** @type {import("../vendor/signals.js").Signal<Known<T>>} */
    this.known = signal({ data: null, error: null, at: null, running: this.running, nextTryAt: null, seconds });
  }

  start() {
    if (!this.isStarted) this.begin();
    let couldAsk = mayAsk.value;
    this.stopWatching = effect(() => {
      const can = mayAsk.value && !needsSignIn.value;
      void pace.value;
      if (can && !couldAsk && this.seconds !== null && !this.isRefused) void this.ask();
      else this.plan();
      couldAsk = can;
    });
  }

  /** Asks, although nothing shows it yet. */
  begin() {
    this.isStarted = true;
    void this.ask();
  }

  stop() {
    this.isStarted = false;
    this.stopWatching();
    clearTimeout(this.timer);
    this.running.peek()?.abort();
  }

  /** Asks now, whatever was planned; who asks while it is being asked gets that answer. */
  async ask() {
    if (this.running.peek() !== null || !this.isStarted) return;
    clearTimeout(this.timer);
    const controller = new AbortController();
    this.running.value = controller;
    if (this.known.peek().nextTryAt !== null) this.say({ nextTryAt: null });
    try {
      const data = await this.question(controller.signal, this.known.peek().data);
      this.failures = 0;
      this.running.value = null;
      isAnswered.value = true;
      this.say({ data, error: null, at: Date.now() });
    } catch (error) {
      this.running.value = null;
      if (!this.isStarted) return;
      this.failures += 1;
      this.say({ error: /** @type {CallError} */ (error) });
    }
    this.plan();
  }

  /** What the database has no time for is repeated by a person, not by a machine; and what is refused stays refused. */
  get isRefused() {
    const { error } = this.known.peek();
    return error !== null && (error.code === "database_timeout" || [400, 403, 422].includes(error.status));
  }

  plan() {
    clearTimeout(this.timer);
    const { error } = this.known.peek();
    const seconds = this.seconds ?? (error === null || error.status === 404 ? null : 5);
    if (!this.isStarted || this.running.peek() !== null || seconds === null || this.isRefused) return;
    if (!mayAsk.peek() || needsSignIn.peek()) return;
    const retryAfterSeconds = error?.retryAfterSeconds ?? null;
    const pause = pauseSeconds({ seconds, failures: this.failures, retryAfterSeconds, pace: pace.value, random: Math.random() });
    if (pause === null) return;
    const now = Date.now();
    const sinceAnswer = error === null ? now - (this.known.peek().at ?? now) : 0;
    const wait = Math.max(0, pause * 1000 - sinceAnswer);
    this.timer = setTimeout(() => void this.ask(), wait);
    if (error !== null) this.say({ nextTryAt: now + wait });
  }

  /** @param {Partial<Known<T>>} news */
  say(news) {
    this.known.value = { ...this.known.peek(), ...news };
  }
}

/**
 * Asks before anything shows it, so that the answer is there when something does.
 * @template T
 * @param {string} key @param {(signal: AbortSignal, before: T | null) => Promise<T>} question @param {number} seconds
 */
export function askBeforehand(key, question, seconds) {
  const polling = new Polling(question, seconds);
  polls.set(key, polling);
  polling.begin();
}

/**
 * Asks when the component is shown, and then `seconds` after each answer. With another `key`, old data are dropped;
 * components that use the same key share one question.
 * @template T
 * @param {string} key all that the question depends on
 * @param {(signal: AbortSignal, before: T | null) => Promise<T>} question
 * @param {{ seconds: number | null }} every
 * @returns {Poll<T>}
 */
export function usePoll(key, question, { seconds }) {
  const polling = useMemo(() => {
    const shared = polls.get(key) ?? new Polling(question, seconds);
    polls.set(key, shared);
    return /** @type {Polling<T>} */ (shared);
  }, [key]);
  polling.question = question;
  useEffect(() => {
    if (polling.seconds === seconds) return;
    polling.seconds = seconds;
    polling.plan();
  }, [polling, seconds]);
  // Before the frame is painted, so that the server answers meanwhile.
  useLayoutEffect(() => {
    polls.set(key, polling);
    if (polling.users++ === 0) polling.start();
    return () => {
      if (--polling.users > 0) return;
      polling.stop();
      if (polls.get(key) === polling) polls.delete(key);
    };
  }, [polling]);
  return { ...polling.known.value, refresh: () => polling.ask() };
}

/**
 * Asks once, and again only after failures and changes.
 * @template T
 * @param {string} key @param {(signal: AbortSignal, before: T | null) => Promise<T>} question
 * @returns {Poll<T>}
 */
export function useOnce(key, question) {
  return usePoll(key, question, { seconds: null });
}

/** After the line or the server came back, everything is asked for at once. */
effect(() => {
  if (isReachable.value) refreshAll();
});
