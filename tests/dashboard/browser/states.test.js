// What every screen shows when its server is slow, broken, busy, silent or away: never a blank, and what was known stays.
import assert from "node:assert/strict";
import { installations, proxiedTest } from "./dashboard.js";
import { views } from "./places.js";
import { polls } from "./polls.js";

const { night } = installations;
// Of the session and of the files the page's own tests are elsewhere.
const data = /^\w+ \/api\/v1\/(?!session)/;

for (const { what, options, places } of views) {
  proxiedTest(`${what} has a shape while it loads, and says what is wrong when its first answer fails`, night, options, async (dashboard, proxy) => {
    const { page } = dashboard;
    for (const [name, place] of askingOf(places)) {
      // What the frame asks for, these show, too: they know it already unless the page is new.
      if (["overview", "queues"].includes(name)) await page.goto("about:blank");
      else await dashboard.open("#/help");
      proxy.treat(data, { fault: "hang" });
      await page.goto(`${dashboard.url}/dashboard/${place}`);
      await page.locator("[aria-busy=true], .panel-wait").first().waitFor({ state: "attached" });
      const unavailable = { status: 503, code: "database_unavailable", headers: { "retry-after": "7" } };
      proxy.treat(data, unavailable);
      proxy.answerHanging(unavailable);
      const trouble = page.getByRole("alert").first();
      await trouble.waitFor();
      assert.match(await trouble.innerText(), /database_unavailable[\s\S]*Next try (now|in [\d.]+ (s|min))/, name);
      proxy.clear();
      // Each panel has a button of its own, and some panels come when others have their answers.
      await page.waitForFunction(
        () => {
          const buttons = [...document.querySelectorAll("main [role=alert] button")];
          for (const button of buttons) /** @type {HTMLElement} */ (button).click();
          return buttons.length === 0;
        },
        undefined,
        { polling: 500 },
      );
    }
  });
}

/** To a screen a cut answer is a connection that breaks: those of each kind of question are enough. */
const cutAt = ["overview", "events", "event done twice", "tokens"];
const faults = /** @type {const} */ ([
  ["a server in trouble", { status: 500, code: "internal" }, /internal/],
  ["a server that breaks the connection", { fault: "reset" }, /cannot be reached/],
  ["an answer that ends in its middle", { fault: "cut" }, /cannot be reached/],
]);

for (const { what, options, places } of views) {
  proxiedTest(`a broken connection, a cut answer, a server in trouble: ${what} keeps what it knew, says so, and is well again`, night, options, async (dashboard, proxy) => {
    const { page } = dashboard;
    const trouble = page.locator("main [role=alert]").first();
    for (const [name, place] of askingOf(places)) {
      await dashboard.open(place);
      const before = (await page.locator("main").innerText()).length;
      for (const [what, treatment, said] of faults) {
        if ("fault" in treatment && treatment.fault === "cut" && !cutAt.includes(name)) continue;
        proxy.treat(data, treatment);
        await refresh(page);
        await trouble.waitFor();
        assert.match(await trouble.innerText(), said, `${name}: ${what}`);
        // What is cut only now waits for as long as its pause is, up to a minute.
        await page.locator("main .panel-loading").first().waitFor({ state: "detached" });
        assert.equal((await page.locator("main").innerText()).length > before * 0.8, true, `${name} lost what it knew: ${what}`);
        proxy.clear();
        await refresh(page);
        await trouble.waitFor({ state: "detached" });
      }
    }
  });
}

proxiedTest("too many requests: the page waits as long as it is told", night, { clock: new Date() }, async (dashboard, proxy) => {
  const { page } = dashboard;
  await dashboard.open("#/queues/vision");
  proxy.treat(data, { status: 429, code: "overloaded", headers: { "retry-after": "30" } });
  await polls(page);
  await page.getByText(/Next try in (30|2\d) s/).first().waitFor();
  const since = performance.now();
  await polls(page);
  assert.equal(proxy.count(/^GET \/api\/v1\/queues\/vision$/, since), 0);
});

proxiedTest("S12: the database has no time: the page opens, keeps the filters, and adds no load", night, { clock: new Date() }, async (dashboard, proxy) => {
  const { page } = dashboard;
  proxy.treat(/^GET \/api\/v1\/(events|dead-letters|queues)/, { status: 504, code: "database_timeout" });
  await page.goto(`${dashboard.url}/dashboard/#/events?engine_type=dialogue&event_type=dialogue.requested`);
  await page.getByText("database_timeout").first().waitFor();
  await page.getByText(/Narrow it down/).first().waitFor();
  assert.match(page.url(), /engine_type=dialogue&event_type=dialogue\.requested$/);
  const since = performance.now();
  await polls(page);
  assert.equal(proxy.count(/^GET \/api\/v1\/events/, since), 0, "what timed out is not asked again by itself");
  proxy.clear();
  await page.getByRole("button", { name: "Try now" }).first().click();
  await page.getByRole("link", { name: /…|[0-9a-f-]{8}/ }).first().waitFor();
  await page.goto(`${dashboard.url}/dashboard/#/`);
  await page.getByText("Needs attention").waitFor();
});

proxiedTest("offline: the page says so, and asks at once when the line is back", night, {}, async (dashboard) => {
  const { page, context } = dashboard;
  await dashboard.open("#/queues");
  await context.setOffline(true);
  await page.getByText(/This machine is offline/).waitFor();
  await page.getByRole("link", { name: "vision" }).first().waitFor();
  await context.setOffline(false);
  await page.getByText(/This machine is offline/).waitFor({ state: "detached" });
});

/** Help asks for nothing. @param {Readonly<Record<string, string>>} places */
function askingOf(places) {
  return Object.entries(places).filter(([name]) => name !== "help");
}

/** @param {import("playwright-core").Page} page */
async function refresh(page) {
  // Held and let go: it asks at once.
  await page.evaluate(() => /** @type {HTMLElement | null} */ (document.activeElement)?.blur());
  await page.keyboard.press("p");
  await page.getByRole("button", { name: /^Held:/ }).waitFor();
  await page.keyboard.press("p");
}
