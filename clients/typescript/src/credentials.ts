/** Who is calling. */

import { ConfigurationError } from "./errors.js";
import { defaultLogger } from "./logger.js";
import type { Logger } from "./logger.js";

/** What calls are made with. */
export interface Credentials {
  /** `Authorization` with a token, else `X-Engine-Id` for an engine. */
  headers(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>>;
  /** After a 401: true if other headers are there now, and the call should be repeated with them. */
  renew(): boolean | Promise<boolean>;
}

/** A token, or what reads one. */
export type TokenSource = string | (() => string | Promise<string>);

/** A bearer token, or none; a function is called once, and again after a 401. */
export class Token implements Credentials {
  readonly #read: (() => string | Promise<string>) | null;
  readonly #logger: Logger;
  #headers: Readonly<Record<string, string>> | null = null;
  #beginning: Promise<Readonly<Record<string, string>>> | null = null;
  #reading: Promise<boolean> | null = null;

  constructor(token: TokenSource | null, logger: Logger = defaultLogger()) {
    this.#logger = logger;
    this.#read = typeof token === "function" ? token : null;
    if (typeof token !== "function") this.#headers = token === null ? {} : headersOf(token);
  }

  /** Throws ConfigurationError if the first token cannot be read. */
  headers(): Readonly<Record<string, string>> | Promise<Readonly<Record<string, string>>> {
    return this.#headers ?? this.#first();
  }

  renew(): Promise<boolean> {
    if (this.#read === null) return Promise.resolve(false);
    this.#reading ??= this.#again(this.#read).finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  #first(): Promise<Readonly<Record<string, string>>> {
    this.#beginning ??= this.#begin().finally(() => {
      this.#beginning = null;
    });
    return this.#beginning;
  }

  async #begin(): Promise<Readonly<Record<string, string>>> {
    let token: string | undefined;
    try {
      token = await this.#read?.();
    } catch (cause) {
      throw new ConfigurationError(`token: it could not be read: ${String(cause)}`, { cause });
    }
    return (this.#headers = headersOf(token ?? ""));
  }

  async #again(read: () => string | Promise<string>): Promise<boolean> {
    const before = this.#headers?.["Authorization"];
    try {
      this.#headers = headersOf(await read());
    } catch (err) {
      this.#logger.error({ err }, "the token could not be read, and stays as it was");
    }
    return this.#headers?.["Authorization"] !== before;
  }
}

/** The token: as given, else of EVENTLEASE_TOKEN, else none. */
export function tokenOf(token: TokenSource | undefined, logger: Logger = defaultLogger()): Token {
  return new Token(token ?? (process.env["EVENTLEASE_TOKEN"] || null), logger);
}

function headersOf(token: string): Readonly<Record<string, string>> {
  const trimmed = typeof token === "string" ? token.trim() : ""; // its file may end with a line break
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new ConfigurationError("token: visible ASCII characters, at least one");
  return { Authorization: `Bearer ${trimmed}` };
}
