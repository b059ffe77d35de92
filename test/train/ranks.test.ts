/** Training in several processes, through the command line. */
import { mkdir, mkdtemp, readdir, readFile, rm, watch, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readJsonLines } from "../../src/base/files.js";
import { oneProcess } from "../../src/runtime/ranks.js";
import { readCheckpoint } from "../../src/store/checkpoint.js";
import { nodeArguments } from "../support/command.js";
import { type ToyOutcome, toyStep } from "../support/toy-step.js";
import { endOf, evalRanks, hasMpirun, mpirunNote, startRanks, type RanksResult } from "../support/mpirun.js";
import { writeShards } from "../support/shards.js";

let folder: string;
let data: string;

beforeAll(async () => {
  if (!hasMpirun) return;
  folder = await mkdtemp(join(tmpdir(), "talkface-ranks-"));
  data = join(folder, "data");
  await writeShards(data, { people: 3, frames: 30, size: 64 });
});
afterAll(() => (hasMpirun ? rm(folder, { recursive: true, force: true }) : undefined));

/** `talkface train` of the tiny preset. */
function command(out: string, phases: readonly string[], more: readonly string[]): string[] {
  return nodeArguments(["train", "--system", "et-gan-acw", "--preset", "tiny", "--data", data, "--out", out, "--seed", "5", ...phases.flatMap((phase) => ["--phase", phase]), ...more]);
}

/** Settings with so many windows of the render phases a batch. */
async function windows(batch: number): Promise<string[]> {
  const file = join(folder, `batch-${batch}.json`);
  await writeFile(file, JSON.stringify({ render: { batch, frames: 3, views: 2 } }));
  return ["--config", file];
}

async function checkpoints(out: string): Promise<string[]> {
  return (await readdir(out)).filter((name) => name.startsWith("checkpoint-")).sort();
}

async function trained(out: string): Promise<{ vectors: ReadonlyMap<string, Float32Array>; figures: Record<string, number>[] }> {
  const { vectors } = await readCheckpoint(join(out, (await checkpoints(out)).at(-1)!));
  const figures = ((await readJsonLines(join(out, "metrics.jsonl"))) as Record<string, number>[]).filter((entry) => "loss.generator" in entry);
  return { vectors, figures };
}

/** |a - b| / |a| of two vectors. */
function difference(a: Float32Array, b: Float32Array): number {
  const norm = (x: Float32Array): number => Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  return norm(a.map((value, i) => value - b[i]!)) / (norm(a) || 1); // moments of an expert stay zero
}

describe.skipIf(!hasMpirun)(`training in several processes${mpirunNote}`, () => {
  it("with half the batch each gives the weights of one process", async () => {
    const phases = ["render=3@1e-3", "adversarial=2@1e-3"]; // their losses are means over windows
    const [alone, shared] = ["alone", "shared"].map((name) => join(folder, name)) as [string, string];
    const run = (out: string, ranks: number, batch: readonly string[]): Promise<RanksResult> => endOf(startRanks(ranks, command(out, phases, batch)));
    expect(await run(alone, 1, await windows(4))).toMatchObject({ status: 0 });
    const outcome = await run(shared, 2, await windows(2));
    expect(outcome).toMatchObject({ status: 0, stdout: `finished after 5 steps: ${join(shared, "checkpoint-00000005.safetensors")}\n` }); // said once
    const [a, b] = [await trained(alone), await trained(shared)];
    for (const [name, vector] of a.vectors) {
      // Sums in another order; Adam divides small gradients by themselves, and their rounding with them.
      expect(difference(vector, b.vectors.get(name)!), name).toBeLessThan(1e-4);
    }
    for (const [i, { ranks: _, reduce_seconds, seconds, run_seconds, ...figures }] of b.figures.entries()) {
      expect(reduce_seconds).toBeGreaterThan(0);
      for (const [name, value] of Object.entries(figures)) if (typeof value === "number") expect(value, name).toBeCloseTo(a.figures[i]![name]!, 4);
    }
  }, 600_000);

  it("ends as a whole when one is killed, resumes from the last checkpoint, and saves on Ctrl-C", async () => {
    const out = join(folder, "killed");
    await mkdir(out);
    const args = command(out, ["motion=100000"], ["--checkpoint-every", "3"]);
    const first = startRanks(2, args);
    const ending = endOf(first);
    await appearance(out, /^checkpoint-0*6\./);
    const [, second] = (await readFile(`/proc/${first.pid}/task/${first.pid}/children`, "utf8")).trim().split(" ").map(Number);
    const killed = performance.now();
    process.kill(second!, "SIGKILL");
    const { status, stderr } = await ending;
    expect(performance.now() - killed).toBeLessThan(20_000);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/signal 9/);
    const known = await checkpoints(out);
    const { step } = await readCheckpoint(join(out, known.at(-1)!));
    expect(step % 3).toBe(0);

    const again = startRanks(2, args, {}, ["--mca", "odls_base_sigkill_timeout", "8"]);
    const stopping = endOf(again);
    await appearance(out, new RegExp(`^checkpoint-0*${step + 6}\\.`));
    process.kill(again.pid!, "SIGINT");
    const stopped = await stopping;
    expect(stopped.status).not.toBe(0);
    expect(stopped.stderr).toContain(`resuming after step ${step}\n`);
    const [, last] = /stopped after step (\d+)\. The same command continues/.exec(stopped.stderr) ?? [];
    expect(await checkpoints(out)).toContain(`checkpoint-${last!.padStart(8, "0")}.safetensors`);
  }, 600_000);

  it("takes means of what layers measure, and keeps every rank's state the same", async () => {
    const { status, stdout, stderr } = await evalRanks(3, `
      const { toyStep } = await import("./test/support/toy-step.ts");
      process.stdout.write(JSON.stringify(await toyStep(ranks, ranks.rank)) + "\\n");
      ranks.close();`);
    expect(status, stderr).toBe(0);
    const [first, ...others] = stdout.trim().split("\n").map((line) => JSON.parse(line) as ToyOutcome);
    expect(others).toEqual([first, first]);
    const alone = [await toyStep(oneProcess, 0), await toyStep(oneProcess, 1), await toyStep(oneProcess, 2)];
    first!.measured.forEach((value, i) => expect(value).toBeCloseTo(alone.reduce((sum, { measured }) => sum + measured[i]! / 3, 0), 5));
    expect(new Set(alone.map(({ measured }) => measured.join())).size).toBe(3);
  }, 600_000);

  it("refuses processes that have different data", async () => {
    const { status, stderr } = await evalRanks(2, `
      const { compareWithFirst } = await import("./src/train/together.ts");
      compareWithFirst(ranks, { "training clips": 5 + ranks.rank });
      ranks.barrier();
      ranks.close();`);
    expect(status).not.toBe(0);
    expect(stderr).toContain("rank 1 has 6 training clips, rank 0 has 5. Give every machine the same talkface, settings and data.");
  });
});

/** Until a file whose name matches comes into the folder. */
async function appearance(out: string, pattern: RegExp): Promise<void> {
  for await (const { filename } of watch(out)) if (pattern.test(filename ?? "")) return;
}
