/* eslint-disable @typescript-eslint/no-unused-vars, @typescript-eslint/no-unnecessary-type-parameters -- nothing here is used */
/** What the compiler knows of calls by their paths. Nothing here runs: `tsc` is the test. */

import { test } from "node:test";

import type { ReplyTo, Schemas } from "../src/wire.js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {
  // For the compiler.
}

test("a call's reply has the type of its path", () => {
  same<ReplyTo<"GET", "/queues/dialogue">, Schemas["Queue"]>(true);
  same<ReplyTo<"GET", "/events/x?wait_seconds=3">, Schemas["Event"]>(true);
  same<ReplyTo<"GET", `/events/${string}`>, Schemas["Event"]>(true);
  same<ReplyTo<"POST", "/events/wait">, Schemas["AwaitedEvents"]>(true);
  same<ReplyTo<"DELETE", `/engines/${string}`>, undefined>(true);
});

test("a path that is not known has an unknown reply", () => {
  same<ReplyTo<"GET", string>, unknown>(true);
  same<ReplyTo<"GET", "/nothing">, unknown>(true);
  same<ReplyTo<"PUT", "/queues/dialogue">, unknown>(true);
});
