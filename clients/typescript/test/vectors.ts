/** The cases that hold in every language stand in clients/vectors. */

import { readFileSync } from "node:fs";

/** Tests run in the package's folder, wherever they were compiled to. */
export const CLIENTS: URL = new URL("../", `file://${process.cwd()}/`);

export function readJson(path: string): unknown {
  return JSON.parse(readFileSync(new URL(path, CLIENTS), "utf8"));
}

export function cases<Case>(file: string, list = "cases"): (Case & { name: string })[] {
  const found = (readJson(`vectors/${file}.json`) as Record<string, unknown>)[list] as (Case & { name: string })[];
  if (found.length === 0) throw new Error(`${file}.json has no ${list}`);
  return found;
}
