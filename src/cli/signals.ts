/** Ctrl-C and its relatives: unfinished videos are removed before the process ends. */
import { abortOpenWriters } from "../media/video-writer.js";

const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/**
 * From now on the first signal ends the process cleanly, a second one at once. A command that listens itself (training writes a
 * checkpoint) answers the first signal alone.
 */
export function endCleanlyOnSignals(): void {
  let isEnding = false;
  for (const [name, status] of Object.entries(signals)) {
    process.on(name, () => {
      if (isEnding) process.exit(status);
      isEnding = true;
      if (process.listenerCount(name) > 1) return;
      process.stderr.write("talkface: interrupted.\n");
      void abortOpenWriters().finally(() => process.exit(status));
    });
  }
  // A reader that has left (`talkface ... | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
}
