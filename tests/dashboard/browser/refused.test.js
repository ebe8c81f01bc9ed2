// What was refused, or was too much for the database, is asked again by a person alone.
import assert from "node:assert/strict";
import { installations, proxiedTest } from "./dashboard.js";
import { polls } from "./polls.js";

const { night } = installations;

for (const [status, code] of /** @type {const} */ ([[403, "forbidden"], [504, "database_timeout"]])) {
  proxiedTest(`${status}: neither a dialog that closes nor a change asks again, but a person does`, night, { clock: new Date() }, async (dashboard, proxy) => {
    const { page } = dashboard;
    const refused = /^GET \/api\/v1\/queues\/vision\/explain/;
    const others = /^GET \/api\/v1\/queues\/vision$/;
    proxy.treat(refused, { status, code });
    await dashboard.open("#/queues/vision");
    const trouble = page.getByRole("alert").filter({ hasText: code });
    await trouble.waitFor();
    const asked = proxy.count(refused);
    const before = proxy.count(others);
    await page.getByRole("button", { name: /^Pause/ }).first().click();
    await page.getByRole("dialog").getByRole("button", { name: "Leave it" }).click();
    await page.waitForFunction(() => document.querySelector("dialog") === null);
    // The others go on, so that there was time to ask for this as well.
    while (proxy.count(others) < before + 2) await polls(page);
    assert.equal(proxy.count(refused), asked);
    proxy.clear();
    await trouble.getByRole("button", { name: "Try now" }).click();
    await trouble.waitFor({ state: "detached" });
    assert.equal(proxy.count(refused) > asked, true);
  });
}
