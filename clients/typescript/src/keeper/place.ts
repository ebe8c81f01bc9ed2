/** Where the main thread is, asked from a worker. */

import inspector from "node:inspector";

const MAX_FRAMES = 12;
const MAX_SECONDS = 2;

interface Paused {
  params: { callFrames: { functionName: string; location: { scriptId: string; lineNumber: number } }[] };
}

interface ScriptParsed {
  params: { scriptId: string; url: string };
}

/**
 * The stack of the main thread, a line for each function, the innermost first; empty where it cannot be had: in native
 * code, or where the runtime has no such inspector.
 */
export function placeOfMainThread(): Promise<string> {
  return new Promise((resolve) => {
    const session = new inspector.Session();
    // Ends the session also where the main thread does not stop: a pause that came later would have nobody to end it.
    const timer = setTimeout(() => {
      end("");
    }, MAX_SECONDS * 1000);
    const end = (place: string): void => {
      clearTimeout(timer);
      try {
        session.disconnect();
      } catch {
        // It was never connected.
      }
      resolve(place);
    };
    try {
      session.connectToMainThread();
      const urls = new Map<string, string>();
      session.on("Debugger.scriptParsed", ({ params }: ScriptParsed) => urls.set(params.scriptId, params.url));
      session.once("Debugger.paused", ({ params }: Paused) => {
        const frames = params.callFrames.slice(0, MAX_FRAMES).map(({ functionName, location }) => {
          const place = `${urls.get(location.scriptId) ?? ""}:${location.lineNumber + 1}`;
          return `\n    at ${functionName || "<anonymous>"} (${place})`;
        });
        end(frames.join(""));
      });
      session.post("Debugger.enable");
      session.post("Debugger.pause");
    } catch {
      end("");
    }
  });
}
