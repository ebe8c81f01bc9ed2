/** Where a pasted text may lead: told by its shape alone. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const TRACE = /^(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/**
 * @param {string} text @param {readonly string[]} queues whose names are known
 * @returns {{ kind: "id", id: string } | { kind: "trace" } | { kind: "queue", names: string[] } | { kind: "unknown" }}
 */
export function kindOf(text, queues) {
  const word = text.replace(/^[\s"'`]+|[\s"'`,;]+$/g, "");
  if (UUID.test(word)) return { kind: "id", id: word.toLowerCase() };
  if (TRACE.test(word)) return { kind: "trace" };
  if (queues.includes(word)) return { kind: "queue", names: [word] };
  const wanted = word.toLowerCase();
  const names = NAME.test(word) ? queues.filter((name) => name.toLowerCase().includes(wanted)) : [];
  return names.length > 0 ? { kind: "queue", names: names.slice(0, 8) } : { kind: "unknown" };
}
