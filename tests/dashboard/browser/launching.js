import { existsSync } from "node:fs";

// The first is Chromium without its windows: a page costs it half as much.
const programs = ["/usr/bin/chromium-headless-shell", "/usr/bin/chromium"];

/** How the browser is started. */
export const launching = {
  executablePath: process.env["CHROMIUM"] ?? programs.find((program) => existsSync(program)) ?? "chromium",
  args: ["--no-sandbox", "--host-resolver-rules=MAP *.test 127.0.0.1"],
};
