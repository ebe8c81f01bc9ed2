// For logs: one line for each test, and all of a failure.
export default async function* report(source) {
  for await (const { type, data } of source) {
    if (type === "test:stderr" || type === "test:stdout") yield data.message;
    if (type === "test:pass" && data.nesting === 0 && !data.skip && data.details?.type !== "suite") yield `ok ${data.name} (${Math.round(data.details.duration_ms)} ms)\n`;
    if (data?.skip !== undefined && type === "test:pass") yield `skipped ${data.name}: ${data.skip}\n`;
    if (type === "test:fail") yield `FAILED ${data.name}\n${describe(data.details?.error)}\n`;
  }
}

function describe(error) {
  const cause = error?.cause ?? error;
  return String(cause?.stack ?? cause).replace(/^/gm, "    ");
}
