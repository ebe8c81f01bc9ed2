/** Who is looking, and what they may do. The server decides; the page only says so beforehand. */
import { computed, effect, signal } from "../vendor/signals.js";
import { call, onFailure } from "../api/call.js";
import { operations as known } from "../api/operations.js";

/** @typedef {import("../api/call.js").Data<"read_session">} Session */
/** @typedef {import("../api/call.js").CallError} CallError */

/** @type {import("../vendor/signals.js").Signal<Session | null>} */
export const session = signal(null);
/** The server wants a token: at first, or since the session has ended. */
export const needsSignIn = signal(false);
/** Why the session is not known, where that is not for want of a token. */
export const sessionError = signal(/** @type {CallError | null} */ (null));
/** The version that served this page; another one later means that a newer page can be had. */
const firstVersion = signal(/** @type {string | null} */ (null));

export const isNewerServed = computed(
  () => firstVersion.value !== null && session.value !== null && session.value.server.version !== firstVersion.value,
);

const operations = computed(() => new Set(/** @type {readonly string[]} */ (session.value?.operations ?? [])));

/** @param {import("../api/call.js").OperationId} operation */
export function may(operation) {
  return operations.value.has(operation);
}

/** Who that is, in words. */
export const me = computed(() => {
  const it = session.value;
  if (it === null) return "";
  return it.name === null ? "anybody" : `${it.name} (role ${it.role})`;
});

/** What to tell somebody who may not. @param {import("../api/call.js").OperationId} operation */
export function whoMay(operation) {
  const roles = known[operation][2];
  if (roles === "") return "this is for programs";
  const { role, engine_types: limit } = session.value ?? {};
  return limit && role && roles.split(" or ").includes(role) ? `it is about all queues, and this token is limited to ${limit.join(", ")}` : `it needs the role ${roles}`;
}

onFailure((error) => {
  if (error.status === 401) needsSignIn.value = true;
});

export async function readSession() {
  try {
    took((await call("read_session")).data);
    sessionError.value = null;
  } catch (error) {
    const failure = /** @type {CallError} */ (error);
    if (failure.status !== 401) sessionError.value = failure;
  }
}

/** @param {string} token is sent once, and kept nowhere @returns {Promise<boolean>} false: the browser has not kept the cookie */
export async function signIn(token) {
  await call("create_session", { token });
  try {
    took((await call("read_session")).data);
    return true;
  } catch (error) {
    if (/** @type {CallError} */ (error).status === 401) return false;
    throw error;
  }
}

/** At once, or when the person has signed in again. @returns {Promise<void>} */
export function untilSignedIn() {
  return new Promise((resolve) => {
    const stop = effect(() => {
      if (!needsSignIn.value) queueMicrotask(() => (stop(), resolve()));
    });
  });
}

export async function signOut() {
  await call("delete_session");
  session.value = null;
  needsSignIn.value = true;
}

/** @param {Session} read */
function took(read) {
  firstVersion.value ??= read.server.version;
  session.value = read;
  needsSignIn.value = false;
}
