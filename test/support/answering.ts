/** What the threads of thread.test.ts do. */
import { setTimeout } from "node:timers/promises";
import { TalkfaceError } from "../../src/base/errors.js";
import { serveThread } from "../../src/base/thread.js";

export type Ask = { readonly double: number; readonly after?: number } | { readonly fail: "ours" | "other" | "exit" } | { readonly count: true };

let answered = 0;

async function answer(ask: Ask): Promise<number> {
  if ("count" in ask) return answered;
  if ("double" in ask) {
    if (ask.after !== undefined) await setTimeout(ask.after);
    answered += 1;
    return 2 * ask.double + (answered === 1 ? 0.5 : 0); // the first to be answered is marked
  }
  if (ask.fail === "exit") process.exit(7);
  throw ask.fail === "ours" ? new TalkfaceError("bad-data", "f.tar: is damaged.") : new TypeError("x is not a function");
}

export function serveAtOnce(): void {
  serveThread(answer);
}

export function serveInTurn(): void {
  serveThread(answer, { inTurn: true });
}

export function serveArrays(): void {
  let last = new Float32Array(0);
  serveThread(async (length: number) => ({ array: (last = new Float32Array(length)) }), {
    transfer: ({ array }) => [array.buffer],
    close: async () => {
      if (last.length === 0) throw new TalkfaceError("io", "the last array is gone.");
    },
  });
}

export function serveNothing(): void {
  throw new Error("cannot begin");
}
