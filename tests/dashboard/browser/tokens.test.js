// Tokens: made and shown once, replaced, revoked; and for admins alone.
import assert from "node:assert/strict";
import { Caller } from "../installations/caller.js";
import { dashboardTest, installations } from "./dashboard.js";

const { night } = installations;
const admin = new Caller(night.url, night.tokens.admin ?? null);
let made = 0;

function newName() {
  made += 1;
  return `shop ${Date.now().toString(36)} ${made}`;
}

dashboardTest("an admin begins at the tokens, and makes one: it is shown once, leaving asks, and it is nowhere else", night, { role: "admin" }, async (dashboard) => {
  const { page } = dashboard;
  const name = newName();
  await dashboard.open();
  await page.waitForURL(/#\/tokens$/);
  await page.getByRole("button", { name: "Make a token …" }).click();
  const dialog = page.getByRole("dialog");
  const make = dialog.getByRole("button", { name: "Make it" });
  assert.equal(await make.getAttribute("aria-disabled"), "true");
  await dialog.getByLabel("Name").fill(name);
  assert.match((await make.getAttribute("title")) ?? "", /A role has to be chosen/);
  await dialog.getByLabel("Role").selectOption("reader");
  await dialog.getByLabel("Limited to the queues").fill("dialogue, vision");
  assert.equal(await dialog.getByLabel("It ends").inputValue(), "after 90 days");
  await dialog.getByLabel("It does not end until it is revoked").check();
  await dialog.getByLabel("It ends").waitFor({ state: "detached" });
  await dialog.getByText(/^No token in the list names .*check the spelling/).waitFor();
  await dialog.getByText("The same from a terminal").click();
  await dialog.getByText(`eventlease token create --name '${name}' --role reader --engine-type dialogue,vision`).waitFor();
  await make.click();
  const secret = await dialog.getByLabel("The token").innerText();
  assert.match(secret, /^el_[0-9a-f]{64}$/);
  assert.equal((await dialog.innerText()).split(secret).length, 2, "the example has no token in it");
  await page.keyboard.press("Escape");
  await page.getByRole("heading", { name: "Close without having kept it?" }).waitFor();
  await page.getByRole("button", { name: "Back to the token" }).click();
  assert.equal(await dialog.getByLabel("The token").innerText(), secret);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await dialog.waitFor({ state: "detached" });
  const session = await new Caller(night.url, secret).call("GET", "session");
  assert.deepEqual([session.name, session.role, session.engine_types], [name, "reader", ["dialogue", "vision"]]);
  await page.getByRole("row").filter({ hasText: name }).getByText("dialogue, vision").waitFor();
  const kept = await page.evaluate(() => JSON.stringify([document.documentElement.outerHTML, { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]));
  const trail = JSON.stringify(await admin.call("GET", "audit?action=create_token&limit=5"));
  for (const text of [kept, trail]) assert.equal(text.includes(secret.slice(3)), false);
});

dashboardTest("an older token is revoked once the newer one of its name is there: said beforehand who will notice", night, { role: "admin" }, async (dashboard) => {
  const { page } = dashboard;
  const name = `${newName()} <img src=x onerror=hurt=1> \u202e`;
  const old = await admin.call("POST", "tokens", { name, role: "producer" });
  await dashboard.open(`#/tokens?name=${encodeURIComponent(name)}&open=${old.token_id}`);
  await page.getByRole("region", { name: "One token" }).getByRole("button", { name: "Make another of this name …" }).click();
  const dialog = page.getByRole("dialog");
  assert.equal(await dialog.getByLabel("Name").inputValue(), name);
  assert.equal(await dialog.getByLabel("Role").inputValue(), "producer");
  await dialog.getByText(/^There is a token of this name\. It stays valid beside the new one/).waitFor();
  await dialog.getByRole("button", { name: "Make it" }).click();
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  const row = page.getByRole("row").filter({ hasText: "a newer one is there" });
  await row.getByRole("button", { name: "Revoke …" }).click();
  await dialog.getByText(/no use of it is written down yet\. A newer token of this name is there, and no use of it is written down yet/).waitFor();
  await dialog.getByText(old.token_id, { exact: true }).waitFor();
  await dialog.getByRole("button", { name: "Revoke the token" }).click();
  await page.getByRole("row").filter({ hasText: "revoked" }).first().waitFor();
  assert.doesNotMatch(await dashboard.text(), /\u202e/);
  assert.equal(await page.locator("img").count(), 0);
  await assert.rejects(new Caller(night.url, old.token).call("GET", "session"), /401/);
});

dashboardTest("whoever may not see tokens does not find them in the menu, and is told at their address", night, {}, async (dashboard) => {
  const { page } = dashboard;
  await dashboard.open("#/tokens");
  await page.getByText("may not look at this: it needs the role admin.").waitFor();
  const menu = await page.getByRole("navigation", { name: "Screens" }).innerText();
  assert.match(menu, /Audit/);
  assert.doesNotMatch(menu, /Tokens/);
});
