/** Authentication of calls. */

import { ConfigurationError } from "./errors.js";
import { defaultLogger } from "./logger.js";
import type { Logger } from "./logger.js";

/** `Authorization` with a token; `X-Engine-Id` for an engine without one; nothing for a caller without either. */
export type AuthHeaders = Readonly<Record<string, string>>;

/** Gives calls the headers that authenticate them. */
export interface Credentials {
  headers(): AuthHeaders | Promise<AuthHeaders>;
  /** Called after a 401. True if the headers have changed, so that the call should be repeated. */
  renew(): boolean | Promise<boolean>;
}

const ENVIRONMENT = "EVENTLEASE_TOKEN";

/** A token, or a function that reads it. */
export type TokenSource = string | (() => string | Promise<string>);

/** A bearer token, or none. A function is called once, and again after a 401. */
export class Token implements Credentials {
  readonly #read: (() => string | Promise<string>) | null;
  readonly #logger: Logger;
  #headers: AuthHeaders | null = null;
  #reading: Promise<AuthHeaders> | null = null;

  /** `name` is where the token was found, for errors. */
  constructor(token: TokenSource | null, logger: Logger = defaultLogger(), name: string = "token") {
    this.#logger = logger;
    this.#read = typeof token === "function" ? token : null;
    if (typeof token !== "function") this.#headers = token === null ? {} : headersOf(token, name);
  }

  /** Throws ConfigurationError if the first token cannot be read. */
  headers(): AuthHeaders | Promise<AuthHeaders> {
    return this.#headers ?? this.#readOnce();
  }

  async renew(): Promise<boolean> {
    if (this.#read === null) return false;
    const before = this.#headers?.["Authorization"];
    return (await this.#readOnce())["Authorization"] !== before;
  }

  /** Calls that need the token at the same time share one reading of it. */
  #readOnce(): Promise<AuthHeaders> {
    this.#reading ??= this.#readAgain().finally(() => {
      this.#reading = null;
    });
    return this.#reading;
  }

  async #readAgain(): Promise<AuthHeaders> {
    const read = this.#read; // so that `this` is undefined in it
    try {
      return (this.#headers = headersOf((await read?.()) ?? "", "token"));
    } catch (err) {
      if (this.#headers === null) {
        if (err instanceof ConfigurationError) throw err;
        throw new ConfigurationError(`the token could not be read: ${String(err)}`, { cause: err });
      }
      this.#logger.error({ err }, "the token could not be read, and stays as it was");
      return this.#headers;
    }
  }
}

/** The given token, else that of EVENTLEASE_TOKEN, else none. */
export function tokenOf(token: TokenSource | undefined, logger: Logger = defaultLogger()): Token {
  return new Token(token ?? (process.env[ENVIRONMENT] || null), logger, token === undefined ? ENVIRONMENT : "token");
}

function headersOf(token: string, name: string): AuthHeaders {
  const trimmed = typeof token === "string" ? token.trim() : ""; // its file may end with a line break
  if (!/^[\x21-\x7e]+$/.test(trimmed)) throw new ConfigurationError(`${name} must consist of visible ASCII characters`);
  return { Authorization: `Bearer ${trimmed}` };
}
