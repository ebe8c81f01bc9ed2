// Which statements run in an installation's database, and how often, as PostgreSQL logs them. Its counters of transactions come
// late, by seconds, and have autovacuum's too, which are hundreds once much was written.
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { runSql } from "../installations/installation.js";

/** How often each ran, by its text; what begins and ends transactions is left out. @typedef {Map<string, number>} Statements */

/** All that ran while something happened, the service's own work too. @param {string} databaseUrl @param {() => Promise<unknown>} work @returns {Promise<Statements>} */
export async function statementsWhile(databaseUrl, work) {
  const log = join(dirname(new URL(databaseUrl).searchParams.get("host") ?? ""), "postgres.log");
  const { size } = await stat(log);
  await logStatements(databaseUrl, "all");
  await work();
  await logStatements(databaseUrl, "none");
  return countOf((await readFile(log)).subarray(size).toString());
}

/** @param {string} databaseUrl @param {"all" | "none"} which */
async function logStatements(databaseUrl, which) {
  await runSql(databaseUrl, `alter system set log_statement = '${which}'`);
  await runSql(databaseUrl, "select pg_reload_conf()");
  // Sessions that are open are told before a new one begins with it.
  while ((await runSql(databaseUrl, "show log_statement")) !== which) await setTimeout(20);
}

/** @param {string} log */
function countOf(log) {
  /** @type {Statements} */
  const counts = new Map();
  // Further lines of a statement begin with a tab.
  for (const [, text = ""] of log.matchAll(/ LOG: {2}(?:statement|execute [^:]+): (.*(?:\n\t.*)*)/g)) {
    if (!/^(begin|commit|rollback)$/i.test(text)) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return counts;
}

/** How often a statement ran beyond how often it runs otherwise: the one that did so most. @param {Statements} statements @param {Statements} [usual] */
export function mostRuns(statements, usual = new Map()) {
  return Math.max(0, ...Array.from(statements, ([text, count]) => count - (usual.get(text) ?? 0)));
}
