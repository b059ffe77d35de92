/** One side of the bench `train-step`: a process that answers a line of JSON with a line of JSON. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface Answer {
  /** Seconds that the work took, and processor seconds of all threads. */
  readonly seconds: number;
  readonly processor: number;
  readonly losses?: readonly number[];
  /** Mean of what the deployed network draws: the same network draws the same. */
  readonly mean?: number;
  /** Peak of the resident memory so far, in bytes. */
  readonly peak: number;
}

export interface Side {
  ask(what: "train" | "forward" | "product", count: number): Promise<Answer>;
  end(): void;
}

export function startSide(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Side {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env: { ...process.env, ...env } });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async ask(what, count) {
      child.stdin.write(`${JSON.stringify({ what, count })}\n`);
      const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
      if (done === true) throw new Error(`${command} ${args[0] ?? ""} ended early`);
      return JSON.parse(value as string) as Answer;
    },
    end: () => child.stdin.end(),
  };
}
