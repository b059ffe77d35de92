/** One rank of the bench: training steps on random batches, as `talkface train` does them. Rank 0 prints what it measured. */
import { Random } from "../../src/base/random.js";
import { sizeOf } from "../../src/graph/shape.js";
import { defaultRule } from "../../src/nn/optimizers/settings.js";
import { joinRanks } from "../../src/runtime/ranks.js";
import { paramTables } from "../../src/systems/phase-graph.js";
import { findSystem } from "../../src/systems/registry.js";
import type { BatchField } from "../../src/systems/system.js";
import type { Tensor } from "../../src/runtime/tensor.js";
import { initialState } from "../../src/train/state.js";
import { openRunner } from "../../src/train/step/open.js";

const [preset = "", phaseName, steps = ""] = process.argv.slice(2);
const ranks = await joinRanks();
const system = findSystem("et-gan-acw");
const config = system.presets[preset];
const phase = system.phases.find(({ name }) => name === phaseName);
if (config === undefined || phase === undefined) throw new Error(`there is no preset ${preset} with a phase ${phaseName}`);
const state = initialState(paramTables(system, config), defaultRule, 0);
const runner = await openRunner({ system, config, phase, rule: defaultRule, device: "cpu", accumulate: 1, stepsPerRun: 1, ranks }, state);
const random = new Random(ranks.rank);
const fields = phase.batch(config);
const batch = Object.fromEntries(fields.map((field) => [field.name, fill(field)]));

const step = (i: number): Promise<unknown> => runner.run([batch], [{ step: i + 1, rate: 1e-4, memory: 0.9 }]);
for (let i = 0; i < 2; i++) await step(i); // memory is taken, convolutions are laid out
ranks.barrier();
const [waited, started] = [ranks.seconds, performance.now()];
for (let i = 0; i < Number(steps); i++) await step(i + 2);
ranks.barrier();
const seconds = (performance.now() - started) / 1000;
const exchange = ranks.seconds - waited;

const numbers = phase.groups.reduce((sum, group) => sum + (state.get(`theta.${group}`)?.length ?? 0), 0);
const vector = new Float32Array(numbers);
const times: number[] = [];
for (let i = 0; i < 9; i++) {
  ranks.barrier();
  const before = performance.now();
  ranks.allReduceMean(vector);
  times.push(performance.now() - before);
}
if (ranks.rank === 0) {
  const windows = fields[0]?.shape[0] ?? 0;
  const count = Number(steps);
  process.stdout.write(
    JSON.stringify({
      samplesPerSecond: (ranks.size * windows * count) / seconds,
      stepMilliseconds: (1000 * seconds) / count,
      exchangeMilliseconds: (1000 * exchange) / count,
      allReduceMilliseconds: times.sort((a, b) => a - b)[4],
      numbers,
    }),
  );
}
await runner.close();
ranks.close();

/** Values that no loss chokes on: numbers are places in pixels, masks let everything through. */
function fill({ name, dtype, shape }: BatchField): Tensor {
  const length = sizeOf(shape);
  if (dtype === "uint8") return { dtype, shape, data: Uint8Array.from({ length }, () => random.integer(256)) };
  const high = /points|base/.test(name) && name !== "true_points" ? 64 : 1;
  return { dtype: "float32", shape, data: Float32Array.from({ length }, () => (name === "view_mask" ? 1 : random.uniform(high / 8, high))) };
}
