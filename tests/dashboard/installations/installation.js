// A server with a database of its own, and a token of each role.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { startServer } from "../../../clients/typescript/dist/testing/index.js";
import { Caller } from "./caller.js";

/** @typedef {"admin" | "operator" | "reader" | "orchestrator" | "registrar" | "producer"} Role */
/** @typedef {{ url: string, tokens: Partial<Record<Role | "limited", string>>, databaseUrl: string, facts: Record<string, any> }} Told */

const roles = /** @type {const} */ (["operator", "reader", "orchestrator", "registrar", "producer"]);

export class Installation {
  /** @type {Told["tokens"]} */
  tokens = {};
  /** What tests need to know of the seeds, like the id of the poison event. @type {Record<string, any>} */
  facts = {};

  /**
   * @param {import("../../../clients/typescript/dist/testing/index.js").RealServer} server
   */
  constructor(server) {
    this.server = server;
    this.url = server.url;
  }

  /**
   * @param {{ isOpen?: boolean, flags?: string[] }} [options] `isOpen`: without authentication
   */
  static async start({ isOpen = false, flags = [] } = {}) {
    const binary = process.env["EVENTLEASE_BINARY"];
    const adminToken = join(process.env["TMPDIR"] ?? "/tmp", `eventlease-admin-${process.pid}-${Math.random().toString(36).slice(2)}`);
    const server = await startServer({
      ...(binary ? { binary } : {}),
      flags: [...(isOpen ? [] : ["--auth", "required", "--admin-token-file", adminToken]), ...flags],
    });
    const installation = new Installation(server);
    if (!isOpen) {
      const token = (await readFile(adminToken, "utf8")).trim();
      installation.tokens.admin = token;
      for (const role of roles) {
        const limit = role === "registrar" ? { engine_types: ["dialogue"] } : {}; // it is always limited
        installation.tokens[role] = await installation.makeToken({ name: role === "operator" ? "on-call" : `the ${role}`, role, ...limit });
      }
    }
    return installation;
  }

  /** @param {Role | null} role */
  as(role) {
    return new Caller(this.url, role === null ? null : (this.tokens[role] ?? null));
  }

  /** @param {Record<string, unknown>} wanted @returns {Promise<string>} */
  async makeToken(wanted) {
    return (await this.as("admin").call("POST", "tokens", wanted)).token;
  }

  /** Statements for what the API cannot do in the time of a test: to age what is there. @param {string} statements */
  async sql(statements) {
    await runSql(this.server.databaseUrl, statements);
  }

  /** @returns {Told} */
  told() {
    return { url: this.url, tokens: this.tokens, databaseUrl: this.server.databaseUrl, facts: this.facts };
  }

  close() {
    return this.server.close();
  }
}

/** @param {string} databaseUrl @param {string} statements @returns {Promise<string>} rows, their columns separated by `|` */
export async function runSql(databaseUrl, statements) {
  const program = process.env["PG_BIN_DIR"] ? join(process.env["PG_BIN_DIR"], "psql") : "psql";
  const { stdout } = await promisify(execFile)(program, [databaseUrl, "-v", "ON_ERROR_STOP=1", "-qAtc", statements]);
  return stdout.trim();
}
