#!/usr/bin/env node
// Makes src/keeper/program.ts: the program of the keeper's thread and all that it imports, as a text. A thread made from a
// text needs no second file, which bundlers would not find, and no function has to be turned into a text, which does
// not survive them. `test/heart/program.test.ts` fails where the text is not what the sources give.
import { writeFileSync } from "node:fs";
import { build } from "esbuild";

const HERE = import.meta.dirname;

export async function programText() {
  const { outputFiles } = await build({
    entryPoints: [`${HERE}/src/keeper/worker.ts`],
    bundle: true,
    write: false,
    minify: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    legalComments: "none",
    charset: "ascii",
    tsconfigRaw: { compilerOptions: { target: "ES2022" } },
  });
  const text = JSON.stringify(outputFiles[0].text.trim());
  return `// Made by keeper-program.mjs from worker.ts.\n/** The keeper's program. */\nexport const PROGRAM: string =\n  ${text};\n`;
}

if (process.argv[1] === import.meta.filename) {
  writeFileSync(`${HERE}/src/keeper/program.ts`, await programText());
}
