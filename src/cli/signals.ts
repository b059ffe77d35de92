/** Ctrl-C and its relatives: unfinished videos are removed before the process ends. */
import { abortOpenWriters } from "../media/video-writer.js";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * From now on the first signal ends the process cleanly, a second one at once. A command that listens itself (training writes a
 * checkpoint) answers the first signal alone. Returns whether the process is ending: what fails meanwhile (the terminal sends Ctrl-C
 * to ffmpeg too) needs no words.
 */
export function endCleanlyOnSignals(): () => boolean {
  let seen = 0;
  let isEnding = false;
  for (const name of signals) {
    process.on(name, () => {
      if (++seen > 1) die(name);
      if (process.listenerCount(name) > 1) return;
      isEnding = true;
      process.stderr.write("talkface: interrupted.\n");
      void abortOpenWriters().finally(() => die(name));
    });
  }
  // A reader that has left (`talkface ... | head`) is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  return () => isEnding;
}

/** By the signal itself: a shell sees what ended the command, and threads in which a network runs are not taken down one by one, which aborts. */
function die(name: (typeof signals)[number]): void {
  process.removeAllListeners(name);
  process.kill(process.pid, name);
}
