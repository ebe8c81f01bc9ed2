import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { Token } from "../src/credentials.js";
import { ConfigurationError } from "../src/errors.js";
import { Handlers, type Around } from "../src/handlers.js";
import type { Event } from "../src/event.js";
import { Completed, Failed } from "../src/outcomes.js";
import { Lifespan } from "../src/runners/lifespan.js";
import { Workshop } from "./handling.js";

function refused(options: object, handler: unknown, eventType: unknown = "x"): string {
  let message = "";
  assert.throws(
    () => {
      new Handlers().add(eventType as string, options, handler);
    },
    (error: unknown) => {
      if (error instanceof ConfigurationError) message = error.message;
      return error instanceof ConfigurationError;
    },
  );
  return message;
}

test("what cannot be a handler is refused where it is given", () => {
  class Handler {
    handle = 1;
  }
  const generator = function* () {
    yield 1;
  };
  const asyncGenerator = async function* () {
    yield await Promise.resolve(1);
  };
  for (const wrong of [undefined, null, {}, "x", Handler]) assert.match(refused({}, wrong), /must be a function/);
  for (const wrong of [generator, asyncGenerator]) assert.match(refused({}, wrong), /must return, not yield/);
});

test("wrong options of a handler are named, all at once", () => {
  const message = refused({ timeoutSeconds: 0, notRetryable: [Error, 1], schema: {}, timeout: 3 }, () => 1);
  for (const name of ["timeoutSeconds", "notRetryable", "schema", "no option timeout"])
    assert.ok(message.includes(name), message);
  assert.match(
    refused({ notRetryable: TypeError }, () => 1),
    /notRetryable/,
  );
  assert.match(
    refused({}, () => 1, ""),
    /event type/,
  );
  for (const eventType of ["a b", "x".repeat(65), "ä", 7]) {
    assert.match(
      refused({}, () => 1, eventType),
      /the event type .* must be 1 to 64/,
    );
  }
  for (const options of [undefined, null, "x", () => 1]) {
    assert.match(
      refused(options as never, () => 1),
      /an object/,
    );
  }
});

test("functions of every kind are handlers", async () => {
  class Service {
    readonly #name = "service";
    method(): string {
      return this.#name;
    }
  }
  const service = new Service();
  const workshop = new Workshop();
  workshop.on("arrow", () => 1);
  workshop.on("async", async () => await Promise.resolve(2));
  workshop.on("function", function () {
    return 3;
  });
  workshop.on("bound", service.method.bind(service));
  workshop.on("thenable", () => ({
    then(resolve: (value: unknown) => void) {
      resolve(5);
    },
  }));
  const found: unknown[] = [];
  for (const type of ["arrow", "async", "function", "bound", "thenable"]) {
    found.push(await workshop.reported(workshop.put(type)));
  }
  assert.deepEqual(
    found,
    [1, 2, 3, "service", 5].map((result) => new Completed(result)),
  );
});

test("functions get nothing of the library as `this`", async () => {
  const workshop = new Workshop();
  const what = function (this: unknown): string {
    return typeof this;
  };
  workshop.on("plain", what);
  workshop.on("checked", what, { schema: z.null() });
  for (const type of ["plain", "checked"]) {
    assert.deepEqual(await workshop.reported(workshop.put(type)), new Completed("undefined"));
  }
  assert.deepEqual(await new Token(what).headers(), { Authorization: "Bearer undefined" });
  const lifespan = new Lifespan(function* (this: unknown) {
    yield typeof this;
  });
  assert.equal(await lifespan.enter(), "undefined");
});

test("one handler for each type, and one for all others", () => {
  const handlers = new Handlers(60);
  handlers.add("b", { timeoutSeconds: 1 }, function named() {
    return 1;
  });
  handlers.add("a", {}, () => 2);
  assert.equal(handlers.find("c"), undefined);
  handlers.add("*", { schema: z.number() }, () => 3);
  assert.deepEqual(handlers.types(), ["a", "b"]);
  assert.deepEqual([handlers.find("b")?.name, handlers.find("b")?.timeoutSeconds], ["named", 1]);
  assert.deepEqual([handlers.find("a")?.name, handlers.find("a")?.timeoutSeconds], ["a", 60]);
  assert.equal(handlers.find("c")?.name, "*");
  assert.equal(handlers.size, 3);
  assert.throws(() => {
    handlers.add("a", {}, () => 4);
  }, /already has a handler/);
});

test("layers are around all handlers, the first outermost", async () => {
  const workshop = new Workshop();
  const order: string[] = [];
  const layer =
    (name: string): Around<unknown> =>
    async (event, call) => {
      order.push(`${name} begins`);
      const result = await call(event);
      order.push(`${name} ends`);
      return result;
    };
  workshop.handlers.addAround(layer("outer"));
  workshop.on("x", (event) => {
    order.push(event.eventType);
    return "result";
  });
  workshop.handlers.addAround((event, call) => call(event));
  workshop.handlers.addAround(layer("inner"));
  const report = await workshop.reported(workshop.put());
  assert.deepEqual(order, ["outer begins", "inner begins", "x", "inner ends", "outer ends"]);
  assert.deepEqual(report, new Completed("result"));
  assert.throws(() => {
    workshop.handlers.addAround(undefined as never);
  }, ConfigurationError);
});

test("a layer that does not return what `call` returns makes the event fail, and says why", async () => {
  const forgetful = async (event: Event, call: (event: Event) => unknown): Promise<void> => {
    await call(event);
  };
  const layers: [string, Around<unknown>][] = [
    ["forgets to return", forgetful as never],
    ["returns something else", (() => "other") as never],
    ["returns what looks alike", (() => ({ value: 1 })) as never],
  ];
  for (const [name, layer] of layers) {
    const workshop = new Workshop();
    workshop.handlers.addAround(layer);
    workshop.on("x", () => "result");
    const report = await workshop.reported(workshop.put());
    assert.ok(report instanceof Failed, name);
    assert.match(report.error.message, /must return what `call` returns/, name);
    assert.equal(report.retryable, true);
  }
});
