/** The rest of a group while the server redrives it. */
import { h } from "../../parts/html.js";
import { JobPanel } from "../../parts/job-panel.js";

/** @param {{ id: string }} props */
export function GroupJob({ id }) {
  return h(JobPanel, { id, title: "The rest" });
}
