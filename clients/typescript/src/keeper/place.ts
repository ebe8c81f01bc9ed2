/** Where the main thread is, asked from a worker. */

import inspector from "node:inspector";

const MAX_FRAMES = 12;
const MAX_SECONDS = 2;

interface Paused {
  params: {
    callFrames: { functionName: string; url: string; location: { lineNumber: number; columnNumber?: number } }[];
  };
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
      session.once("Debugger.paused", ({ params }: Paused) => {
        const frames = params.callFrames.slice(0, MAX_FRAMES).map(({ functionName, url, location }) => {
          return `\n    at ${functionName || "<anonymous>"} (${url}:${location.lineNumber + 1})`;
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
