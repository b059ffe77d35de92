/** talkface's side: FOLDER BATCH; reads orders from stdin (side.ts). */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Graph } from "../../src/graph/graph.js";
import { matmul } from "../../src/graph/ops/matmul.js";
import { sum } from "../../src/graph/ops/reduce.js";
import type { Value } from "../../src/graph/value.js";
import { optimizerSchema, updateRule } from "../../src/nn/optimizers/settings.js";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { openRunner } from "../../src/train/step/open.js";
import { inferenceGraph, inputShapes, productSide, wav2lipSystem } from "./graphs.js";
import type { Answer } from "./side.js";

const [folder, batchText] = process.argv.slice(2) as [string, string];
const batch = Number(batchText);
const rate = 1e-4;

/** Straight into place: a second copy would count in the peak of memory. */
const read = (name: string): Float32Array => {
  const path = join(folder, `${name}.f32`);
  const numbers = new Float32Array(statSync(path).size / 4);
  const bytes = new Uint8Array(numbers.buffer);
  const file = openSync(path, "r");
  for (let at = 0, n = 1; n > 0; at += n) n = readSync(file, bytes, at, bytes.length - at, at);
  closeSync(file);
  return numbers;
};
const fields = Object.fromEntries(Object.entries(inputShapes(batch)).map(([name, shape]) => [name, floats(read(name), shape)]));

/** What `talkface train` runs, without clipping and averaging, which the other side has not. */
const training = once(async () => {
  const theta = read("theta");
  const moments = ["m", "v"].map((name) => [`${name}.generator`, new Float32Array(theta.length)] as const);
  const state = new Map([["theta.generator", theta], ...moments, ["state.generator", read("state")]]);
  const rule = updateRule({ ...optimizerSchema.parse({}), clip: 0 });
  return { runner: await openRunner({ system: wav2lipSystem, config: batch, phase: wav2lipSystem.phases[0]!, rule, device: "cpu", accumulate: 1, stepsPerRun: 1 }, state), step: 0 };
});
const inference = once(() => createSession(inferenceGraph(batch, read("theta"), read("state")).toModel()));

const matrices = once(() => {
  const graph = new Graph("product");
  const [a, b] = ["a", "b"].map((name) => graph.input(name, [productSide, productSide])) as [Value, Value];
  graph.output("sum", sum(matmul(a, b)));
  return createSession(graph.toModel());
});
const answers = { train, forward, product };

async function train(count: number): Promise<object> {
  const run = await training();
  const losses: number[] = [];
  const watch = stopwatch();
  for (let i = 0; i < count; i++) {
    run.step += 1;
    const [figures] = await run.runner.run([fields], [{ step: run.step, rate, memory: 0 }]);
    losses.push(figures!["loss.generator"]!);
  }
  return { ...watch(), losses };
}

async function forward(count: number): Promise<object> {
  const session = await inference();
  const feeds = { faces: fields["faces"]!, mel: fields["mel"]! };
  const watch = stopwatch();
  let picture: Awaited<ReturnType<Session["run"]>> = {};
  for (let i = 0; i < count; i++) picture = await session.run(feeds);
  const times = watch();
  const data = picture["picture"]!.data as Float32Array;
  return { ...times, mean: data.reduce((sum, x) => sum + x, 0) / data.length };
}

/** Products of square matrices: what the machine can do at best. */
async function product(count: number): Promise<object> {
  const session = await matrices();
  const square = floats(new Float32Array(productSide ** 2).fill(0.01), [productSide, productSide]);
  const watch = stopwatch();
  for (let i = 0; i < count; i++) await session.run({ a: square, b: square });
  return watch();
}

/** Wall seconds and processor seconds of all threads since it was made. */
function stopwatch(): () => Pick<Answer, "seconds" | "processor"> {
  const started = performance.now();
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return { seconds: (performance.now() - started) / 1000, processor: (user + system) / 1e6 };
  };
}

/** Peak of the resident memory since the process began, in bytes. */
function peak(): number {
  const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
  return Number(line?.[1] ?? NaN) * 1024;
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

for await (const line of createInterface({ input: process.stdin })) {
  const { what, count } = JSON.parse(line) as { what: keyof typeof answers; count: number };
  const answer = await answers[what](count);
  process.stdout.write(`${JSON.stringify({ ...answer, peak: peak() })}\n`);
}
