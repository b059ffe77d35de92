/**
 * The lip-sync generator of Wav2Lip (36 million parameters) trained by talkface and by PyTorch: same initial weights, same batch,
 * L1 loss, Adam, a thread for each core, taking turns. Then the deployed network of both. Above 1: talkface is faster, smaller.
 * Ratios are of wall time; those of processor time stand beside them, for a machine that others use too.
 *
 * Arguments: --batch 16 --rounds 5. Needs python3 with torch, and /proc for the peaks of memory.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Random } from "../src/base/random.js";
import { graphCost } from "../src/graph/cost/cost.js";
import { sizeOf } from "../src/graph/shape.js";
import { count, initialValues, type Layout } from "../src/nn/params.js";
import { threadsFor } from "../src/runtime/threads.js";
import { findTorch } from "../test/support/torch-check.js";
import { inferenceGraph, inputShapes, productSide, wav2lipTable } from "./train-step/graphs.js";
import { type Answer, type Side, startSide } from "./train-step/side.js";

/** Steps over which the losses are compared, and how far they may be apart (relative). */
const comparedSteps = 4;
const lossTolerance = 2e-3;

export async function run(args: readonly string[]): Promise<Record<string, number | string>> {
  const { values } = parseArgs({ args: [...args], options: { batch: { type: "string", default: "16" }, rounds: { type: "string", default: "5" } } });
  const { batch } = values;
  const threads = String(threadsFor("training"));
  const rounds = Number(values.rounds);
  const python = findTorch();
  if (python === null) {
    process.stderr.write("skipped: no python3 with torch and onnx here (Debian: apt-get install python3-torch python3-onnx).\n");
    return { skipped: "no-torch" };
  }
  const folder = mkdtempSync(join(tmpdir(), "talkface-bench-"));
  const own = startSide(process.execPath, ["--import", "tsx", join(import.meta.dirname, "train-step/talkface-side.ts"), folder, batch]);
  const torch = startSide(python, [join(import.meta.dirname, "train-step/torch_side.py"), folder, batch, threads], { OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads });
  try {
    writeInputs(folder, Number(batch));
    const [a, b] = [await own.ask("train", comparedSteps), await torch.ask("train", comparedSteps)];
    const apart = Math.max(...a.losses!.map((loss, i) => Math.abs(loss / b.losses![i]! - 1)));
    say(`losses talkface ${show(a.losses!)}; PyTorch ${show(b.losses!)}; apart by ${apart.toExponential(1)}`);
    if (!(apart < lossTolerance)) throw new Error("the losses differ: the two sides do not train the same network");

    const training = await takeTurns(own, torch, "train", rounds, Number(batch));
    const memory = training.torch.peak / training.own.peak;
    say(`peak memory: talkface ${mebibytes(training.own.peak)} MiB, PyTorch ${mebibytes(training.torch.peak)} MiB, ratio ${memory.toFixed(2)}`);

    const forward = await takeTurns(own, torch, "forward", 2 * rounds, Number(batch));
    const table = wav2lipTable();
    const { forwardOperations } = graphCost(inferenceGraph(1, initialValues(table, 0), initialValues(table.state, 0)), 1);
    const products = Array.from({ length: 2 * rounds }, () => own.ask("product", 1));
    const best = Math.min(...(await Promise.all(products)).map(({ seconds }) => seconds));
    say(`forward: ${((forwardOperations / 1e9) * forward.rate).toFixed(0)} GFLOP/s by talkface, ${((forwardOperations / 1e9) * forward.torchRate).toFixed(0)} by PyTorch; a product of ${productSide}² matrices reaches ${((2 * productSide ** 3) / 1e9 / best).toFixed(0)}`);
    const difference = Math.abs(forward.own.mean! / forward.torch.mean! - 1);
    if (!(difference < 1e-4)) throw new Error(`the deployed networks draw different pictures: means ${forward.own.mean}, ${forward.torch.mean}`);
    return {
      ratio: training.ratio.toFixed(2),
      processor_ratio: training.processorRatio.toFixed(2),
      forward_ratio: forward.ratio.toFixed(2),
      memory_ratio: memory.toFixed(2),
      samples_per_s: training.rate.toFixed(2),
      torch_samples_per_s: training.torchRate.toFixed(2),
      losses_apart: apart.toExponential(1),
    };
  } finally {
    own.end();
    torch.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Turns {
  /** Median over the turns of PyTorch's time over talkface's. */
  readonly ratio: number;
  /** The same of processor time. */
  readonly processorRatio: number;
  /** Samples a second, of the best turn. */
  readonly rate: number;
  readonly torchRate: number;
  readonly own: Answer;
  readonly torch: Answer;
}

async function takeTurns(own: Side, torch: Side, what: "train" | "forward", turns: number, batch: number): Promise<Turns> {
  await own.ask(what, 1);
  await torch.ask(what, 1);
  const pairs: { readonly own: Answer; readonly torch: Answer }[] = [];
  for (let i = 0; i < turns; i++) pairs.push({ own: await own.ask(what, 1), torch: await torch.ask(what, 1) });
  const ratios = (of: "seconds" | "processor"): number[] => pairs.map((pair) => pair.torch[of] / pair.own[of]).sort((x, y) => x - y);
  const best = (side: "own" | "torch"): number => batch / Math.min(...pairs.map((pair) => pair[side].seconds));
  const [wall, processor] = [ratios("seconds"), ratios("processor")];
  const result = { ratio: wall[turns >> 1]!, processorRatio: processor[turns >> 1]!, rate: best("own"), torchRate: best("torch"), ...pairs.at(-1)! };
  say(`${what}: talkface ${result.rate.toFixed(2)} samples/s, PyTorch ${result.torchRate.toFixed(2)}; ratio of pairs ${wall[0]!.toFixed(2)} to ${wall.at(-1)!.toFixed(2)}, median ${result.ratio.toFixed(2)}; of processor time ${result.processorRatio.toFixed(2)}`);
  return result;
}

/** Weights, running statistics and batch as files of floats. */
function writeInputs(folder: string, batch: number): void {
  const random = new Random(7);
  const write = (name: string, data: Float32Array): void => writeFileSync(join(folder, `${name}.f32`), new Uint8Array(data.buffer));
  const shapes = inputShapes(batch);
  for (const [name, shape] of Object.entries(shapes)) {
    write(name, Float32Array.from({ length: sizeOf(shape) }, () => (name === "mel" ? random.uniform(-4, 4) : random.uniform(0, 1))));
  }
  writeFileSync(join(folder, "inputs.json"), JSON.stringify(shapes));
  const table = wav2lipTable();
  for (const [name, layout] of [["theta", table], ["state", table.state]] as const) {
    write(name, name === "state" ? measuredState(layout, random) : initialValues(layout, 0));
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(layout.specs.map((spec) => [spec.name, spec.shape])));
  }
}

/** Running statistics as training might leave them: what does not use them rightly, draws another picture. */
function measuredState(layout: Layout, random: Random): Float32Array {
  return Float32Array.from(layout.specs.flatMap(({ name, shape }) => Array.from({ length: count(shape) }, () => (name.endsWith("mean") ? random.uniform(-0.1, 0.1) : random.uniform(0.5, 1.5)))));
}

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const show = (numbers: readonly number[]): string => numbers.map((x) => x.toFixed(5)).join(" ");
const mebibytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
