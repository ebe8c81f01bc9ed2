// Enqueues an event and works it: on a server of its own where EVENTLEASE_BINARY names its program, else on a fake one.
import { Client, Engine, type Event } from "eventlease";
import { Client as SmallClient } from "eventlease/client";
import { FakeServer, startServer } from "eventlease/testing";

interface Asked {
  npc: string;
}

const isReal = process.env["EVENTLEASE_BINARY"] !== undefined;
const server = isReal ? await startServer() : new FakeServer();
const url = server instanceof FakeServer ? await server.listen() : server.url;
const engine = new Engine("dialogue", { url, heartbeatTimeoutSeconds: 3 });
engine.on<Asked>("dialogue.requested", (event: Event<Asked>) => ({ line: `Hello, ${event.payload.npc}!` }));
engine.start();
// Heartbeats come from a thread of their own, whose program has to be there too.
while (engine.stats().lastHeartbeatAgeSeconds === null) await new Promise((resolve) => setTimeout(resolve, 20));

const client: SmallClient = new Client({ url });
const { eventId } = await client.enqueue("dialogue", "dialogue.requested", { npc: "Mira" });
const result = await client.wait<{ line: string }>(eventId, { timeoutSeconds: 60 });
await client.close();
await engine.stop();
await server.close();
if (result.line !== "Hello, Mira!") throw new Error(`the result is ${JSON.stringify(result)}`);
console.log(`an event was completed on ${isReal ? "the real server" : "the fake server"}`);
