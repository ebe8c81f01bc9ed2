// Types of requests and replies, for the checker alone: those of the TypeScript client, which are generated from docs/openapi.json.
export type { components, operations } from "../../../clients/typescript/src/openapi.js";
