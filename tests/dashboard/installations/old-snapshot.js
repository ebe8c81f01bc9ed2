// A session that looks at the database as it was, until it is ended: what keeps dead rows from being cleared away.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

/** @param {string} databaseUrl @param {string} application @returns {Promise<{ pid: string, close: () => void }>} */
export async function holdSnapshot(databaseUrl, application) {
  const program = process.env["PG_BIN_DIR"] ? join(process.env["PG_BIN_DIR"], "psql") : "psql";
  const psql = spawn(program, [databaseUrl, "-qAt"], { env: { ...process.env, PGAPPNAME: application }, stdio: ["pipe", "pipe", "ignore"] });
  psql.stdin.write("begin isolation level repeatable read;\nselect pg_backend_pid();\n");
  const [line] = await once(psql.stdout, "data");
  return { pid: String(line).trim(), close: () => void psql.kill() };
}
