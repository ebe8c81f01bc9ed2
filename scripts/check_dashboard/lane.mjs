// Runs files of tests one after another in this process: they share a browser, and pages that are warm.
import { pathToFileURL } from "node:url";

for (const file of process.argv.slice(2)) await import(pathToFileURL(file).href);
