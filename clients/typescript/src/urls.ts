/** The base addresses of the server. */
import { ConfigurationError } from "./errors.js";

const DEFAULT_URL = "http://127.0.0.1:8080";

/** As given, else of EVENTLEASE_URL (several with commas), else the server of this machine. */
export function urlsOf(url: string | readonly string[] | undefined): string[] {
  const given = url ?? (process.env["EVENTLEASE_URL"] || DEFAULT_URL);
  if (typeof given === "string") return given.split(",").map((each) => each.trim());
  return Array.isArray(given) ? [...(given as readonly string[])] : [given as unknown as string]; // said by checkUrls
}

/** Throws ConfigurationError for addresses that cannot be one of a server. */
export function checkUrls(urls: readonly string[]): void {
  if (urls.length === 0) throw new ConfigurationError("url: at least one address");
  for (const url of urls) {
    const found = typeof url === "string" && URL.canParse(url) ? new URL(url) : undefined;
    if (found === undefined || !["http:", "https:"].includes(found.protocol)) {
      throw new ConfigurationError(`url: an address such as http://127.0.0.1:8080, and not ${JSON.stringify(url)}`);
    }
    if (found.username !== "" || found.password !== "" || found.search !== "" || found.hash !== "") {
      throw new ConfigurationError("url: without a user, a query or a fragment");
    }
  }
}
