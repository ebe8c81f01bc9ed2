import type { Event } from "./event.js";
import type { Report } from "./outcomes.js";
import type { Row } from "./rules/leases.js";

/** A report on its way, or a renewal, which has none. */
export class Settlement {
  readonly row: Row;
  /** Its entry in a list of settlements. Not a property of its own: tokens and results stand in no text form. */
  readonly #body: string;
  readonly report: Report | null;
  readonly event: Event | null;
  /** What a renewal brings. */
  readonly progress: string | null;
  internalErrors = 0;
  /** It is the failure that stands for a report whose content was refused. */
  readonly isFallback: boolean;

  constructor(
    row: Row,
    body: string,
    members: { report?: Report | null; event?: Event | null; progress?: string | null; isFallback?: boolean } = {},
  ) {
    this.row = row;
    this.#body = body;
    this.report = members.report ?? null;
    this.event = members.event ?? null;
    this.progress = members.progress ?? null;
    this.isFallback = members.isFallback ?? false;
  }

  get body(): string {
    return this.#body;
  }
}
