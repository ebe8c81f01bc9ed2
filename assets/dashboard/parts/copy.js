/** Copying also where the page came over plain HTTP and the newer interface of browsers is missing. */
import { useState } from "../vendor/hooks.js";
import { Button } from "./button.js";
import { h } from "./html.js";

/** @param {string} text @returns {Promise<boolean>} */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyByField(text);
  }
}

/** @param {string} text */
function copyByField(text) {
  const before = document.activeElement;
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "hidden";
  // In the dialog that is open: nothing else can have the focus.
  (before?.closest("dialog") ?? document.body).append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** @param {{ text: string | (() => string | Promise<string>), label?: string }} props */
export function Copy({ text, label = "copy" }) {
  const [said, say] = useState("");
  const run = async () => {
    try {
      say((await copy(typeof text === "string" ? text : await text())) ? "copied" : "the browser refused");
    } catch {
      say("it could not be loaded");
    }
    setTimeout(() => say(""), 2000);
  };
  return h(Button, { kind: "quiet", onClick: run, children: said || label });
}
