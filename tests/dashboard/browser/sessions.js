// Sessions of the page, begun as it begins them. A token has 20 at most, and with one more the oldest ends, whose page then asks who
// is there: so the pages of one process share one.

/** @typedef {{ name: string, value: string, url: string }} Cookie */

const asThePage = { "x-eventlease-dashboard": "1" };
/** By their tokens. @type {Map<string, Cookie>} */
const shared = new Map();

/** @param {string} url of the server @param {string} token @returns {Promise<Cookie>} */
export async function beginSession(url, token) {
  const address = `${url}/api/v1/session`;
  const answer = await fetch(address, { method: "POST", headers: { ...asThePage, authorization: `Bearer ${token}` } });
  const [, name, value] = /^(\w+)=([^;]+)/.exec(answer.headers.getSetCookie()[0] ?? "") ?? [];
  if (!name || !value) throw new Error(`${address} has begun no session: ${answer.status} ${await answer.text()}`);
  return { name, value, url: address };
}

/** Begun where there is none that still lasts: a test may have ended it. @param {string} url @param {string} token */
export async function sharedSession(url, token) {
  const known = shared.get(token);
  if (known && (await ask(known, "GET"))) return known;
  const begun = await beginSession(url, token);
  shared.set(token, begun);
  return begun;
}

/** Those that tests began themselves. @param {string} url @param {readonly { name: string, value: string }[]} cookies */
export async function endOthers(url, cookies) {
  const values = new Set([...shared.values()].map(({ value }) => value));
  for (const { name, value } of cookies) if (!values.has(value)) await ask({ name, value, url: `${url}/api/v1/session` }, "DELETE");
}

export async function endShared() {
  for (const session of shared.values()) await ask(session, "DELETE");
  shared.clear();
}

/** Whether that is answered well: the server may have ended. @param {Cookie} cookie @param {string} method */
async function ask({ name, value, url }, method) {
  const answer = await fetch(url, { method, headers: { ...asThePage, cookie: `${name}=${value}` }, signal: AbortSignal.timeout(5000) }).catch(() => null);
  await answer?.arrayBuffer();
  return answer?.ok ?? false;
}
