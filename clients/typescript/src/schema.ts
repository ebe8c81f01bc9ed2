/** Checks payloads with a schema of any library with the Standard Schema interface, such as zod, valibot or arktype. */
import { pointerTo } from "./encoding.js";
import { PayloadInvalid } from "./outcomes.js";

/** The part of the Standard Schema interface that is used here; see https://standardschema.dev. */
export interface StandardSchema<Output = unknown> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => Checked<Output> | Promise<Checked<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

type Checked<Output> = { readonly value: Output; readonly issues?: undefined } | { readonly issues: readonly Issue[] };

interface Issue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** The type of a payload that the schema has checked. */
export type OutputOf<Schema extends StandardSchema> = NonNullable<Schema["~standard"]["types"]>["output"];

/** True if a value is a schema, which can be an object or a function. */
export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const standard: unknown = (value as { "~standard"?: unknown })["~standard"];
  return (
    typeof standard === "object" &&
    standard !== null &&
    (standard as { version?: unknown }).version === 1 &&
    typeof (standard as { validate?: unknown }).validate === "function"
  );
}

/** The output of the schema. Throws PayloadInvalid, or what the schema itself throws. */
export async function decode(schema: StandardSchema, payload: unknown): Promise<unknown> {
  const checked = await schema["~standard"].validate(payload);
  if (checked.issues === undefined) return checked.value;
  throw new PayloadInvalid(checked.issues.map(({ path, message }) => ({ pointer: pointerOf(path), detail: message })));
}

/** The JSON pointer to a member. */
function pointerOf(path: Issue["path"]): string {
  return (path ?? []).map((part) => pointerTo(String(typeof part === "object" ? part.key : part))).join("");
}
