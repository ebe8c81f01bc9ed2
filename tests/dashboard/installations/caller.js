/** Calls of the public API with one token. */
export class Caller {
  /**
   * @param {string} url like `http://127.0.0.1:8080`
   * @param {string | null} token null where authentication is off
   */
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  /**
   * @param {string} method
   * @param {string} path below `/api/v1/`
   * @param {unknown} [body] a text is sent as it is, so that its bytes are the test's
   * @param {number[]} [mayFail] statuses that are no surprise
   * @returns {Promise<any>}
   */
  async call(method, path, body, mayFail = []) {
    const answer = await fetch(`${this.url}/api/v1/${path}`, {
      method,
      headers: {
        ...(this.token === null ? {} : { authorization: `Bearer ${this.token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok && !mayFail.includes(answer.status)) throw new Error(`${method} ${path}: ${answer.status} ${text.slice(0, 500)}`);
    return text === "" ? null : JSON.parse(text);
  }

  /**
   * Enqueues events, a thousand in a request, and returns their ids.
   *
   * @param {Record<string, unknown>[]} events
   * @returns {Promise<string[]>}
   */
  async enqueue(events) {
    const ids = [];
    for (let at = 0; at < events.length; at += 1000) {
      const { results } = await this.call("POST", "events/batch", { events: events.slice(at, at + 1000), atomic: true });
      ids.push(...results.map((/** @type {{ event_id: string }} */ each) => each.event_id));
    }
    return ids;
  }
}
