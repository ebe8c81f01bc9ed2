// The same from CommonJS, for an engine that works without a socket.
import eventlease = require("eventlease");
import testing = require("eventlease/testing");

async function main(): Promise<void> {
  const server = new testing.FakeServer();
  const engine = new eventlease.Engine("dialogue", { url: "http://fake", fetch: server.fetch });
  engine.on<number>("doubled", (event) => event.payload * 2);
  engine.start();
  const client = new eventlease.Client({ url: "http://fake", fetch: server.fetch });
  const { eventId } = await client.enqueue("dialogue", "doubled", 21);
  const result = await client.wait<number>(eventId, { timeoutSeconds: 60 });
  await client.close();
  await engine.stop();
  await server.close();
  if (result !== 42) throw new Error(`the result is ${String(result)}`);
  console.log("an event was completed by what `require` gives");
}

void main();
