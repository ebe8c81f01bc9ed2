/** What the tests print: failures, the output of the tests, and the counts. Passed tests are left out. */

import { Readable } from "node:stream";
import { spec, type TestEvent } from "node:test/reporters";

async function* withoutPassed(events: AsyncIterable<TestEvent>): AsyncIterable<TestEvent> {
  for await (const event of events) if (event.type !== "test:pass" && event.type !== "test:start") yield event;
}

const reporter = (events: AsyncIterable<TestEvent>): AsyncIterable<string> =>
  Readable.from(withoutPassed(events)).compose(new spec()) as AsyncIterable<string>;

export default reporter;
