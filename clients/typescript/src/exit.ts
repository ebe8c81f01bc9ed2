/**
 * Sets the status with which the process ends of itself; of two, the greater one counts.
 *
 * If `error` is what ends it, because nobody catches it, the status is kept all the same: Node would make it 1.
 */
export function setExitStatus(status: number, error: Error | null): void {
  if (status === 0) return;
  process.exitCode = Math.max(Number(process.exitCode ?? 0), status);
  if (error === null) return;
  process.on("uncaughtExceptionMonitor", (uncaught) => {
    if (uncaught !== error) return;
    process.once("exit", () => {
      process.exitCode = status;
    });
  });
}
