// The fake server as a program, as the wire cases of clients/conformance start it: `node fake.mjs [ADMIN_TOKEN]`.
//
// It prints its URL. For each line of its input, a number of seconds, it moves its clock by as much and prints its time,
// in seconds since 1970. It ends with its input. EVENTLEASE_TESTING names a test kit that is built elsewhere.
import { createInterface } from "node:readline";

const { FakeServer } = await import(process.env["EVENTLEASE_TESTING"] ?? "../dist/testing/index.js");

const adminToken = process.argv[2];
const fake = new FakeServer(adminToken === undefined ? {} : { adminToken });
console.log(await fake.listen());
for await (const seconds of createInterface({ input: process.stdin })) {
  fake.advance(Number(seconds));
  console.log(fake.now().getTime() / 1000);
}
await fake.close();
