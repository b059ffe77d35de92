/** talkface's side: FOLDER BATCH THREADS; reads orders from stdin (side.ts). */
import { closeSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createSession, type Session } from "../../src/runtime/session.js";
import { floats } from "../../src/runtime/tensor.js";
import { FeedbackBuffers } from "../../src/train/step/feedback.js";
import { inferenceGraph, inputShapes, renewed, trainGraph } from "./graphs.js";
import type { Answer } from "./side.js";

const [folder, batchText, threadsText] = process.argv.slice(2) as [string, string, string];
const batch = Number(batchText);
const threads = Number(threadsText);
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

const training = once(async () => {
  const model = trainGraph(batch).toModel();
  const theta = read("theta");
  const vectors = new Map([["theta", theta], ["m", new Float32Array(theta.length)], ["v", new Float32Array(theta.length)], ["state", read("state")]]);
  return { session: await createSession(model, { training: true, threads }), vectors, buffers: new FeedbackBuffers(model, vectors, renewed), step: 0 };
});
const inference = once(() => createSession(inferenceGraph(batch, read("theta"), read("state")).toModel(), { threads }));

async function train(count: number): Promise<object> {
  const run = await training();
  const losses: number[] = [];
  const watch = stopwatch();
  for (let i = 0; i < count; i++) {
    run.step += 1;
    const vectors = Object.fromEntries([...run.vectors].map(([name, data]) => [name, floats(data, [data.length])]));
    const { loss } = await run.session.run({ ...fields, ...vectors, step: floats(Float32Array.of(run.step), []), rate: floats(Float32Array.of(rate), []) }, { into: run.buffers.targets() });
    run.buffers.turn();
    losses.push(Number(loss!.data[0]));
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
  const { what, count } = JSON.parse(line) as { what: "train" | "forward"; count: number };
  const answer = what === "train" ? await train(count) : await forward(count);
  process.stdout.write(`${JSON.stringify({ ...answer, peak: peak() })}\n`);
}
