/** Each call of the page as a line of `curl`, with the token in a variable: never a token itself. */
import { operations } from "../api/operations.js";
import { shellWord } from "./shell.js";

/**
 * @param {keyof typeof operations} operationId @param {import("./cli.js").Request} [request]
 * @param {string} [server] its address; without it, `EVENTLEASE_URL` has to hold it
 */
export function curl(operationId, { path = {}, query = {}, body, payload } = {}, server) {
  const [method, template] = operations[operationId];
  const below = template.replace(/^\/?(api\/v1\/)?/, "api/v1/");
  const place = below.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(path[name] ?? ""));
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined) pairs.append(name, String(value));
  }
  const address = `/${place}` + (pairs.size > 0 ? `?${pairs}` : "");
  const content = payload === undefined ? (body === undefined ? undefined : JSON.stringify(body)) : withPayload(body ?? {}, payload);
  const words = ["curl --fail-with-body"];
  if (method !== (content === undefined ? "GET" : "POST")) words.push(`--request ${method}`);
  words.push('--header "Authorization: Bearer $EVENTLEASE_TOKEN"');
  if (content !== undefined) words.push("--header 'Content-Type: application/json'", `--data-raw ${shellWord(content)}`);
  words.push(server === undefined ? `"$EVENTLEASE_URL"${shellWord(address)}` : shellWord(server.replace(/\/+$/, "") + address));
  return words.join(" ");
}

/** @param {Readonly<Record<string, unknown>>} body @param {string} payload JSON, which stays as it is spelled @returns {string} the body as JSON */
export function withPayload(body, payload) {
  const members = Object.entries(body).filter(([, value]) => value !== undefined);
  return `{${[...members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`), `"payload":${payload}`].join(",")}}`;
}
