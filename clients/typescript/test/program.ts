/** Programs that tests run in processes of their own. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file with the module, which is removed in the end. Not all runtimes take modules by `--eval`. */
export function programOf(source: string): string {
  const folder = mkdtempSync(join(tmpdir(), "eventlease-"));
  process.once("exit", () => {
    rmSync(folder, { recursive: true });
  });
  const file = join(folder, "program.mjs");
  writeFileSync(file, source);
  return file;
}
