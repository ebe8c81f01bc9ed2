// Who gets in, who does not, and what happens when a session ends.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations, proxiedTest, signIn } from "./dashboard.js";
import { beginSession } from "./sessions.js";

const { calm, night } = installations;
const admin = new Caller(night.url, night.tokens.admin ?? null);

dashboardTest("a wrong token is refused in words, and a right one opens the page", night, { role: null }, async ({ page, url }) => {
  await page.goto(`${url}/dashboard/#/queues`);
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Token").fill(`el_${"0".repeat(64)}`);
  await dialog.getByRole("button", { name: "Sign in" }).click();
  await dialog.getByText("The server does not know this token").waitFor();
  await dialog.getByLabel("Token").fill("hello");
  await page.keyboard.press("Enter");
  await dialog.getByText("This is no token").waitFor();
  // As it stands in scripts.
  await dialog.getByLabel("Token").fill(`Bearer ${night.tokens.reader}`);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Queues" }).waitFor({ state: "attached" });
  assert.equal(await page.getByRole("dialog").count(), 0);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
  assert.doesNotMatch(kept, /el_[0-9a-f]/, "nothing secret can be read by scripts");
});

dashboardTest("programs' roles do not sign in", night, { role: null }, async ({ page, url }) => {
  for (const [role, isLetIn] of /** @type {const} */ ([["producer", false], ["registrar", false], ["orchestrator", true]])) {
    await page.goto(`${url}/dashboard/`);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Token").fill(night.tokens[role] ?? "");
    await page.keyboard.press("Enter");
    if (isLetIn) await dialog.waitFor({ state: "detached" });
    else await dialog.getByRole("alert").filter({ hasText: "Tokens of this role cannot sign in" }).waitFor();
  }
});

// The failures belong to an address of their own: all other tests come from this one.
const elsewhere = { headers: { "x-forwarded-for": "10.9.9.9" } };
proxiedTest("thirty wrong tokens a minute are enough: the page counts down", night, { role: null, proxy: elsewhere }, async ({ page, url }, proxy) => {
  const wrong = () => fetch(`${url}/api/v1/session`, { headers: { authorization: `Bearer el_${"1".repeat(64)}` } });
  const answers = await Promise.all(Array.from({ length: 60 }, wrong));
  const refused = answers.find(({ status }) => status === 429);
  assert.ok(refused, "the server does not count");
  // It lets one more in after two seconds: what it said then is said again, however slow this machine is.
  proxy.treat(/^POST \/api\/v1\/session$/, { status: 429, code: "rate_limited", headers: { "retry-after": "40" } });
  await page.goto(`${url}/dashboard/`);
  await page.getByLabel("Token").fill(`el_${"1".repeat(64)}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  const before = await page.getByText(/Try again in \d+ s/).innerText();
  await page.waitForFunction((text) => !document.body.innerText.includes(text), before);
  assert.equal(await page.getByRole("button", { name: "Sign in" }).isDisabled(), true);
});

dashboardTest("plain HTTP on another machine is warned of", night, { role: null, url: night.url.replace("127.0.0.1", "queue.example.test") }, async (dashboard) => {
  await dashboard.page.goto(`${dashboard.url}/dashboard/`);
  await dashboard.page.getByText("The connection is not encrypted").waitFor();
});

dashboardTest("without authentication nobody is asked for a token, and a banner says what that means", calm, {}, async (dashboard) => {
  await dashboard.open();
  await dashboard.page.getByText("anyone who reaches this address can change things").waitFor();
  assert.equal(await dashboard.page.getByRole("dialog").count(), 0);
});

dashboardTest("a session that was revoked ends within seconds, and what was typed stays", night, { role: null }, async (dashboard) => {
  const { page, url } = dashboard;
  const { token, token_id: id } = await admin.call("POST", "tokens", { name: "on call", role: "operator" });
  await signIn(dashboard.context, url, await beginSession(url, token));
  await dashboard.open("#/queues?q=vis");
  await page.getByRole("link", { name: "vision" }).first().waitFor();
  await admin.call("DELETE", `tokens/${id}`);
  const dialog = page.getByRole("dialog");
  await dialog.getByText("Your session has ended").waitFor({ timeout: 30_000 });
  // Polls wait for somebody to sign in.
  await dialog.getByLabel("Token").fill(night.tokens.operator ?? "");
  await page.keyboard.press("Enter");
  await dialog.waitFor({ state: "detached" });
  assert.match(page.url(), /#\/queues\?q=vis$/);
  await page.getByRole("link", { name: "vision" }).first().waitFor();
});

dashboardTest("signing out ends the session on the server, too", night, { role: "reader" }, async (dashboard) => {
  const { page, url } = dashboard;
  await dashboard.open();
  const cookies = await dashboard.context.cookies(`${url}/api/v1/session`);
  await page.locator(".who summary").click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("dialog").getByLabel("Token").waitFor();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const answer = await fetch(`${url}/api/v1/session`, { headers: { cookie, "x-eventlease-dashboard": "1" } });
  assert.equal(answer.status, 401);
});
