/** Types of the HTTP interface, by their names in the document, and by method and path. */

import type { components, paths } from "./openapi.js";

/** What is sent and answered, as it is on the wire. */
export type Schemas = components["schemas"];

export type Method = "GET" | "PUT" | "POST" | "DELETE" | "PATCH";

/** A path as it is called, without its query, split at its slashes. */
type Segments<Path extends string> = Path extends `${infer Before}?${string}`
  ? Segments<Before>
  : Path extends `/${infer Rest}`
    ? Segments<Rest>
    : Path extends `${infer First}/${infer Rest}`
      ? [First, ...Segments<Rest>]
      : [Path];

/** True if a called path is one of the document's, whose parameters stand in braces. */
type Fits<Called extends string[], Known extends string[]> = Called extends [
  infer First extends string,
  ...infer Rest extends string[],
]
  ? Known extends [infer Name extends string, ...infer Names extends string[]]
    ? Name extends (string extends First ? never : First) | `{${string}}`
      ? Fits<Rest, Names>
      : false
    : false
  : Known extends []
    ? true
    : false;

/** The document's path for a called one; literal segments come before parameters, as in the server. */
type Known<Path extends string> = {
  [Each in keyof paths]: Each extends `/api/v1${infer Below}`
    ? Fits<Segments<Path>, Segments<Below>> extends true
      ? Each
      : never
    : never;
}[keyof paths];

type Exact<Found extends string, Path extends string> = `/api/v1${Path}` extends Found ? `/api/v1${Path}` : Found;

type Operation<M extends Method, Path extends string> = {
  [Each in keyof paths]: Each extends Exact<Known<Path>, Path> ? paths[Each][Lowercase<M> & keyof paths[Each]] : never;
}[keyof paths];

type ContentOf<Responses> = {
  [Status in keyof Responses]: Responses[Status] extends { content: { "application/json": infer Content } }
    ? Content
    : undefined;
}[keyof Responses];

/** What a call answers; `unknown` where the path is not known to the compiler. */
export type ReplyTo<M extends Method, Path extends string> = string extends Path
  ? unknown
  : [Operation<M, Path>] extends [never]
    ? unknown
    : Operation<M, Path> extends { responses: infer Responses }
      ? ContentOf<Responses>
      : unknown;
