/** An engine's id, which leads to its page, or to what it holds for those who may not see engines. */
import { may } from "../state/session.js";
import { h } from "./html.js";
import { Id } from "./id.js";

/** @param {{ id: string | null | undefined }} props */
export function EngineId({ id }) {
  if (!id) return h(Id, { id });
  const to = may("read_engine") ? { screen: "engines", id } : { screen: "events", filters: { leased_by: id } };
  return h(Id, { id, to });
}
