/** The causes of an error. */
const MAX_CAUSES = 5;

/** The first causes of anything that was thrown: the errors of an AggregateError, or else the `cause` of an error. */
export function causesOf(thrown: unknown): unknown[] {
  const causes: unknown[] = [];
  let wave = nextCauses(thrown);
  while (wave.length > 0 && causes.length < MAX_CAUSES) {
    const [cause, ...others] = wave;
    causes.push(cause);
    wave = [...others, ...nextCauses(cause)];
  }
  return causes;
}

function nextCauses(thrown: unknown): unknown[] {
  const errors = memberOf(thrown, "errors");
  if (thrown instanceof AggregateError && Array.isArray(errors)) return errors.slice(0, MAX_CAUSES);
  const cause = memberOf(thrown, "cause");
  return cause === undefined || cause === null ? [] : [cause];
}

/** A member of the author's value; undefined if its getter throws. */
export function memberOf(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}
