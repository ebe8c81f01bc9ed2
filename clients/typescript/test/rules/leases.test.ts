import assert from "node:assert/strict";
import { inspect } from "node:util";
import { test } from "node:test";

import { Row, Table } from "../../src/rules/leases.js";
import type { Told } from "../../src/rules/leases.js";
import { cases } from "../vectors.js";

interface Step {
  at: number;
  do: string;
  event?: string;
  token?: string;
  reason?: string;
  lease_end?: number;
  until?: number;
  expect?: unknown;
  told?: Record<string, Told>;
  held?: number;
}

class Run {
  readonly table = new Table();
  readonly rows = new Map<string, Row>();

  row(step: Step): Row {
    return this.rows.get(step.token!)!;
  }

  carryOut(step: Step): unknown {
    const { at, table } = { at: step.at, table: this.table };
    switch (step.do) {
      case "place":
        return this.place(step);
      case "begin":
        return table.begin(this.row(step), at);
      case "tell":
        return this.row(step).tell(step.reason as Told, at);
      case "finish":
        table.finish(this.row(step));
        return undefined;
      case "remove":
        return table.remove(this.row(step))?.leaseToken ?? null;
      case "inherit":
        return table.inherit(this.row(step))?.leaseToken ?? null;
      case "lose":
        return this.lose(step);
      case "lose_all":
        return table.loseAll(step.reason!, at).map((row) => row.leaseToken);
      case "renew":
        this.row(step).renew(step.lease_end!);
        return undefined;
      case "listed":
        return table.listed(at, step.until!).map(({ row, renew }) => ({ token: row.leaseToken, renew }));
      case "overdue":
        return table.overdueBehind(at).map((row) => row.leaseToken);
      case "alive_until":
        table.aliveUntil = step.until!;
        return undefined;
      default:
        throw new Error(`unknown step ${step.do}`);
    }
  }

  place(step: Step): string {
    const row = new Row({ eventId: step.event!, leaseToken: step.token!, attempt: 1, visibilitySeconds: 300 });
    const placed = this.table.place(row, step.lease_end!, step.at);
    if (placed !== "known") this.rows.set(step.token!, row);
    return placed;
  }

  /** The server names event and token; a token that is not held is nobody's loss. */
  lose(step: Step): string | null {
    const row = this.table.rows.get(step.event!);
    if (row?.leaseToken !== step.token) return null;
    return this.table.lose(row!, step.reason!, step.at) ? step.token! : null;
  }

  told(): Record<string, Told> {
    return Object.fromEntries([...this.rows].flatMap(([token, row]) => (row.told === null ? [] : [[token, row.told]])));
  }
}

for (const each of cases<{ steps: Step[] }>("leases")) {
  test(`leases: ${each.name}`, () => {
    const run = new Run();
    for (const step of each.steps) {
      const where = JSON.stringify(step);
      const answer = run.carryOut(step);
      if (step.expect !== undefined) assert.deepEqual(answer, step.expect, where);
      if (step.told !== undefined) assert.deepEqual(run.told(), step.told, where);
      if (step.held !== undefined) assert.equal(run.table.size, step.held, where);
    }
  });
}

function row(leaseToken = "secret"): Row {
  return new Row({ eventId: "A", leaseToken, attempt: 2, visibilitySeconds: 300, eventType: "t" });
}

test("no lease is renewed while the handlers' loop is stalled", () => {
  const table = new Table();
  table.place(row(), 100, 0);
  assert.deepEqual(
    table.listed(50, 60).map((listed) => listed.renew),
    [true],
  );
  assert.deepEqual(
    table.listed(50, 60, true).map((listed) => listed.renew),
    [false],
  );
});

test("progress that was not sent is sent with a renewal", () => {
  const table = new Table();
  const held = row();
  table.place(held, 300, 0);
  held.progressIsUnsent = true;
  assert.equal(table.listed(1, 15)[0]!.renew, true);
});

test("a lease that ended long ago is not listed", () => {
  const table = new Table();
  table.place(row(), 300, 0);
  assert.equal(table.listed(599, 615).length, 1);
  assert.equal(table.listed(600, 615).length, 0);
});

test("tokens stand in no text form", () => {
  assert.equal(String(row()), "event A (t, attempt 2)");
  assert.deepEqual(row().fields({ told: "timeout" }), { eventId: "A", eventType: "t", attempt: 2, told: "timeout" });
  for (const text of [inspect(row(), { showHidden: true, depth: 9 }), JSON.stringify(row()), String(row())]) {
    assert.ok(!text.includes("secret"), text);
  }
});
