/**
 * An engine for a language model behind HTTP, which sends its words as they come, one a line.
 *
 * Set EVENTLEASE_URL to the server and MODEL_URL to the model, like http://host:port, and run this program.
 */

import { pathToFileURL } from "node:url";
import { Completed, Engine, Hold, NotRetryable } from "eventlease";

interface Scene {
  npc: string;
  prompt: string;
}

/** What the handlers share, as `event.state`. */
function* model(): Generator<URL> {
  const url = process.env["MODEL_URL"];
  if (url === undefined) throw new Error("MODEL_URL names no model");
  yield new URL("/generate", url);
}

export const engine = new Engine("dialogue", {
  concurrency: 20,
  timeoutSeconds: 600,
  lifespan: model,
  mayEnqueue: ["voice"],
});

engine.on<Scene>("line.requested", async (event) => {
  const { npc, prompt } = event.payload;
  const before = event.previous?.progress as { words: string[] } | null | undefined;
  const words = [...(before?.words ?? [])]; // the attempt before came this far
  const reply = await fetch(event.state, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ prompt, continue_after: words }),
    signal: event.signal, // ends the call if the event was cancelled, its lease was lost, or its time is over
  });
  if (reply.status === 429) {
    throw new Hold(secondsOf(reply.headers.get("retry-after")), "the model takes no more calls");
  }
  if (reply.status === 400 || reply.status === 422) {
    throw new NotRetryable(`the model refuses the prompt: ${await reply.text()}`);
  }
  if (reply.status !== 200 || reply.body === null) {
    throw new Error(`the model answers ${reply.status}`); // retried as the event's retry policy says
  }
  for await (const line of linesOf(reply.body)) {
    words.push(line.trim());
    event.progress({ words }); // goes with the next heartbeat
  }
  const spoken = { npc, line: words.join(" ") };
  return new Completed(spoken, { enqueue: [{ engineType: "voice", eventType: "voice.requested", payload: spoken }] });
});

/** A number of seconds, or a date; ten seconds where it is neither. */
function secondsOf(retryAfter: string | null): number {
  const seconds = Number(retryAfter) || (Date.parse(retryAfter ?? "") - Date.now()) / 1000;
  return seconds > 0 ? seconds : 10;
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of body) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await engine.run();
