/**
 * Training steps of two ranks against one at the same batch per rank: samples a second, and what the exchange of gradients takes.
 * One process uses the whole machine, two share it: on a machine whose cores one rank keeps busy the ratio cannot come near 2.
 *
 * Arguments: preset of et-gan-acw (default), phase (render), steps (8), rounds (3). Ends with the medians over the rounds.
 */
import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("scaling/rank.ts", import.meta.url));

interface Measured {
  readonly samplesPerSecond: number;
  readonly stepMilliseconds: number;
  /** In the exchange of a step, waiting for the other rank included; and on its own, when both arrive at once. */
  readonly exchangeMilliseconds: number;
  readonly allReduceMilliseconds: number;
  readonly numbers: number;
}

export async function run([preset = "default", phase = "render", steps = "8", rounds = "3"]: readonly string[]): Promise<Record<string, string | number>> {
  const one: Measured[] = [];
  const two: Measured[] = [];
  for (let round = 0; round < Number(rounds); round++) {
    one.push(measure(1, [preset, phase, steps]));
    two.push(measure(2, [preset, phase, steps]));
  }
  const of = (list: readonly Measured[], key: keyof Measured): number => list.map((each) => each[key]).sort((a, b) => a - b)[list.length >> 1] as number;
  const fixed = (value: number, digits = 2): number => Number(value.toFixed(digits));
  return {
    preset, phase, cores: availableParallelism(), million_numbers: fixed(of(two, "numbers") / 1e6),
    one_per_s: fixed(of(one, "samplesPerSecond")), two_per_s: fixed(of(two, "samplesPerSecond")),
    step_ms: fixed(of(two, "stepMilliseconds"), 1), exchange_ms: fixed(of(two, "exchangeMilliseconds"), 1),
    exchange_share: fixed(of(two, "exchangeMilliseconds") / of(two, "stepMilliseconds")),
    ratio: fixed(of(two, "samplesPerSecond") / of(one, "samplesPerSecond")), allreduce_ms: fixed(of(two, "allReduceMilliseconds"), 1),
  };
}

function measure(ranks: number, args: readonly string[]): Measured {
  const env = { ...process.env, OMPI_ALLOW_RUN_AS_ROOT: "1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1" };
  const { status, stdout, error } = spawnSync("mpirun", ["-n", String(ranks), "--oversubscribe", "--bind-to", "none", process.execPath, "--import", "tsx", script, ...args], { env, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`mpirun ended with ${error?.message ?? `status ${status}`}; talkface doctor says what it needs`);
  const measured = JSON.parse(stdout) as Measured;
  process.stderr.write(`${ranks} rank${ranks > 1 ? "s" : ""}: ${measured.samplesPerSecond.toFixed(2)} samples/s, ${measured.stepMilliseconds.toFixed(0)} ms a step, of which exchange ${measured.exchangeMilliseconds.toFixed(1)} ms\n`);
  return measured;
}
