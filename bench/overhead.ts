/**
 * What training costs beside ONNX Runtime, on the real loop and real windows: the share of a step's time that is spent outside
 * `session.run`, phase by phase, and how long the largest step graph takes from nothing to a session.
 * Arguments: `--data DIR` (prepared shards of 128 pixels; else some are made from personas), `--steps N` (6), `--phase NAME` (all).
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readJsonLines } from "../src/base/files.js";
import { prepareVideos } from "../src/data/prepare.js";
import { planClips, writePersonaClip } from "../src/media/persona/clips.js";
import { createSession } from "../src/runtime/session.js";
import { findSystem } from "../src/systems/registry.js";
import { stepGraph } from "../src/systems/step-graph.js";
import { parseTrainConfig } from "../src/train/config.js";
import { train } from "../src/train/loop.js";

interface Line {
  readonly kind: string;
  readonly phase: string;
  readonly step: number;
  readonly seconds: number;
  readonly run_seconds: number;
}

/** Steps of a phase before those that count: they fill the cache of decoded clips. */
const warmUp = 3;

export async function run(args: readonly string[]): Promise<Record<string, string>> {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string" }, steps: { type: "string", default: "6" }, phase: { type: "string" } } });
  const system = findSystem("et-gan-acw");
  const folder = await mkdtemp(join(tmpdir(), "talkface-overhead-"));
  try {
    const build = await buildTimes();
    const data = values.data ?? (await personas(folder));
    const steps = Number(values.steps);
    const shares: number[] = [];
    for (const { name, defaultRate: rate } of system.phases.filter(({ name }) => values.phase === undefined || name === values.phase)) {
      const config = parseTrainConfig({ system: system.name, data: [data], phases: [{ name, steps: warmUp, rate }, { name, steps, rate }] }, "bench");
      const out = join(folder, name);
      await train(config, { out, device: "cpu", shouldStop: () => false });
      const lines = (await readJsonLines(join(out, "metrics.jsonl"))) as Line[];
      const { seconds, run_seconds } = lines.find(({ kind, step }) => kind === "train" && step === warmUp + steps) as Line;
      shares.push(1 - run_seconds / seconds);
      process.stdout.write(`${name}: ${(seconds / steps).toFixed(3)} s a step, ${((1 - run_seconds / seconds) * 100).toFixed(2)} % of it outside session.run\n`);
    }
    return { outside: `${(Math.max(...shares) * 100).toFixed(2)}%`, build_s: build.wall.toFixed(2), build_cpu_s: build.processor.toFixed(2) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Seconds to build and open the slowest step graph, by the clock and of processor time (which other jobs disturb less). */
async function buildTimes(): Promise<{ wall: number; processor: number }> {
  const system = findSystem("et-gan-acw");
  const worst = { wall: 0, processor: 0 };
  for (const phase of system.phases) {
    const [started, used] = [performance.now(), process.cpuUsage()];
    const model = stepGraph(system, system.presets["default"], phase).toModel();
    const built = performance.now();
    const session = await createSession(model, { training: true });
    const [wall, { user, system: kernel }] = [(performance.now() - started) / 1000, process.cpuUsage(used)];
    await session.release();
    const processor = (user + kernel) / 1e6;
    process.stdout.write(`${phase.name}: ${model.graph.nodes.length} nodes built in ${((built - started) / 1000).toFixed(2)} s, with its session in ${wall.toFixed(2)} s (${processor.toFixed(2)} s of processor time)\n`);
    worst.wall = Math.max(worst.wall, wall);
    worst.processor = Math.max(worst.processor, processor);
  }
  return worst;
}

async function personas(folder: string): Promise<string> {
  const out = join(folder, "data");
  for (const [i, clip] of planClips(3, 900, 1.6, 200, ["neutral"]).entries()) await writePersonaClip(join(folder, "videos", `p${i}`), clip, { force: false });
  await prepareVideos({
    paths: [join(folder, "videos")], outFolder: out, size: 128, jobs: 1, limit: null, face: "largest", peopleFile: null, split: "all",
    allowSilent: false, maxSeconds: 20, maxShardBytes: 2 ** 30, force: false, onProgress: () => undefined,
  });
  return out;
}
