/** The base addresses of the server. */
import { ConfigurationError } from "./errors.js";

const DEFAULT_URL = "http://127.0.0.1:8080";

/** The given addresses, else those of EVENTLEASE_URL (separated by commas), else port 8080 of this machine. */
export function urlsOf(url: string | readonly string[] | undefined): string[] {
  const given = url ?? (process.env["EVENTLEASE_URL"] || DEFAULT_URL);
  if (typeof given === "string") return given.split(",").map((each) => each.trim());
  return Array.isArray(given) ? [...(given as readonly string[])] : [given as unknown as string]; // refused by checkUrls
}

/** Throws ConfigurationError unless every address can be that of a server. `given` is the option, if there is one. */
export function checkUrls(urls: readonly string[], given: unknown): void {
  const name = given === undefined && process.env["EVENTLEASE_URL"] ? "EVENTLEASE_URL" : "url";
  if (urls.length === 0) throw new ConfigurationError("url must have at least one address");
  for (const url of urls) {
    const found = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
    if (found === undefined || !["http:", "https:"].includes(found.protocol)) {
      throw new ConfigurationError(
        `${name} must be an address such as http://127.0.0.1:8080, not ${JSON.stringify(url)}`,
      );
    }
    if (found.username !== "" || found.password !== "" || found.search !== "" || found.hash !== "") {
      throw new ConfigurationError(`${name} must not have a user, a password, a query or a fragment`);
    }
  }
}
