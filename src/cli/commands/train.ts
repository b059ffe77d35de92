/** `talkface train`: trains a system on prepared shards; the same command again resumes. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { TalkfaceError } from "../../base/errors.js";
import { readJson } from "../../base/files.js";
import { info, setQuiet } from "../../base/log.js";
import { parseDevice } from "../../runtime/devices.js";
import { joinRanks, type Ranks } from "../../runtime/ranks.js";
import { findSystem, systemNames } from "../../systems/registry.js";
import type { System } from "../../systems/system.js";
import { optimizerKeys, optimizerNames } from "../../nn/optimizers/settings.js";
import { parseTrainConfig } from "../../train/config.js";
import { train } from "../../train/loop.js";
import { countPeople, modelToStartFrom, personalMinutes, type PersonalSettings, personalSettings } from "../../train/personal.js";
import { scheduleNames } from "../../train/schedule.js";

interface Options {
  readonly system?: string;
  readonly preset?: string;
  readonly data: string[];
  readonly out: string;
  readonly phase?: readonly { name: string; steps: number; rate?: number }[];
  readonly config?: string;
  readonly init?: string;
  readonly expert?: string;
  readonly optimizer: Readonly<Record<string, string | number>>;
  readonly schedule?: string;
  readonly warmup?: number;
  readonly minutes?: number;
  readonly accumulate: number;
  readonly stepsPerRun: number;
  readonly skipLimit: number;
  readonly seed: number;
  readonly device: string;
  readonly checkpointEvery: number;
  readonly validateEvery: number;
  readonly sampleEvery: number;
  readonly json?: boolean;
}

export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("train a system on prepared shards; resumes by itself")
    .option("--system <name>", "system to train, for instance et-gan-acw (default: that of the model of --init)")
    .requiredOption("--data <dir...>", "folders that prep-* wrote")
    .requiredOption("--out <run>", "folder of the run: config, metrics.jsonl, TensorBoard events, report.html, samples, checkpoints, best weights")
    .option("--preset <name>", "sizes of the networks (default: those of the model of --init, else default)")
    .option("--config <file>", "JSON file with configuration values that replace the preset's")
    .option("--phase <name=steps@rate...>", "phases in order, the rate may be left out (default: all of the system with their own lengths; with --init for one person its own)", parsePhase)
    .addOption(
      new Option("--optimizer <name[,key=value...]>", `${optimizerNames.join(", ")}; keys: ${optimizerKeys.join(", ")} (clip: largest norm of a gradient, 0 for no limit)`)
        .argParser(parseOptimizer)
        .default({ name: "adam" }, "adam"),
    )
    .addOption(new Option("--schedule <kind>", "course of the rate after the warm-up").choices(scheduleNames).default(undefined, "cosine; for one person constant"))
    .option("--warmup <steps>", "steps of linear warm-up, at most a tenth of the phase (default: 100; for one person 10)", whole)
    .option("--minutes <n>", `time after which the run ends as if its phases were over (default: none; for one person ${personalMinutes})`, minutes)
    .option("--accumulate <n>", "batches whose mean gradient makes a step", positive, 1)
    .option("--steps-per-run <k>", "steps in one call of ONNX Runtime: spares copies of the weights on CUDA; not on webgpu", positive, 1)
    .option("--skip-limit <n>", "steps in a row that may fail with numbers that are not finite", positive, 10)
    .option("--init <path>", "start from the weights of a checkpoint or of a model folder; where all clips show one person, the model is fitted to that person")
    .option("--expert <model>", "folder of the frozen audio-lip expert (default: the one that comes with talkface)")
    .option("--seed <n>", "seed of weights and batches", whole, 0)
    .option("--device <device>", "auto, cpu, cuda or webgpu", "cpu")
    .option("--checkpoint-every <steps>", "steps between checkpoints", positive, 500)
    .option("--validate-every <steps>", "steps between validations", positive, 500)
    .option("--sample-every <steps>", "steps between sample sheets", positive, 1000)
    .option("--json", "print the outcome as JSON")
    .addHelpText("after", "\nExamples:\n  talkface train --init onnx/et-gan-acw --data my-video-shards --out runs/me\n" +
      "  talkface train --system et-gan-acw --data shards --out runs/first\n  talkface train --system et-gan-acw --preset tiny --data personas --out runs/tiny --phase motion=200 render=200@1e-3\n  talkface train --system et-gan-acw --data shards --out runs/adamw --optimizer adamw,decay=0.01,clip=0.5 --schedule linear --accumulate 4\n  talkface train --system et-gan-acw --data shards --out runs/gpu --device cuda --steps-per-run 8")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { system, config: overrides, personal } = await startOf(options);
  const chosen = options.phase ?? personal?.phases ?? system.phases.filter((p) => p.defaultSteps > 0).map((p) => ({ name: p.name, steps: p.defaultSteps }));
  const phases = chosen.map(({ name, steps, rate }: { name: string; steps: number; rate?: number }) => {
    const phase = system.phases.find((p) => p.name === name);
    if (phase === undefined) throw new TalkfaceError("usage", `--phase ${name}: ${system.name} has ${system.phases.map((p) => p.name).join(", ")}.`);
    return { name, steps, rate: rate ?? phase.defaultRate };
  });
  const { checkpointEvery, validateEvery, sampleEvery, data, seed, optimizer, accumulate, stepsPerRun, skipLimit } = options;
  const config = parseTrainConfig(
    {
      system: system.name, preset: options.preset, config: overrides, data, seed, phases, optimizer, accumulate, stepsPerRun, skipLimit,
      checkpointEvery, validateEvery, sampleEvery,
      schedule: options.schedule === undefined ? personal?.schedule : { kind: options.schedule },
      warmupSteps: options.warmup ?? personal?.warmupSteps, minutes: options.minutes ?? personal?.minutes,
    },
    "train",
  );

  let stop = false;
  const ask = (): void => {
    stop = true;
  };
  process.once("SIGINT", ask);
  process.once("SIGTERM", ask);
  const ranks = await joinRanks();
  if (ranks.size > 1) process.once("SIGUSR1", ask); // mpirun passes it on, and Slurm can send it before time is up
  if (ranks.rank > 0) setQuiet(true);
  const outcome = await namingRank(ranks, () =>
    train(config, {
      out: options.out,
      device: parseDevice(options.device),
      ranks,
      shouldStop: () => stop,
      ...(options.init === undefined ? {} : { init: options.init }),
      ...(options.expert === undefined ? {} : { expert: options.expert }),
    }),
  );
  ranks.close();
  if (ranks.rank > 0) return; // rank 0 tells how it ended
  process.stdout.write(options.json === true ? `${JSON.stringify(outcome)}\n` : `${outcome.finished ? "finished" : "stopped"} after ${outcome.steps} steps: ${outcome.checkpoint}\n`);
  if (!outcome.finished) throw new TalkfaceError("interrupted", `${options.out}: stopped after step ${outcome.steps}. The same command continues.`);
}

/** The system, what replaces the preset's values, and how one person is learned where --init gives a model, the clips show one person and no phase is named. */
async function startOf(options: Options): Promise<{ readonly system: System; readonly config: unknown; readonly personal: PersonalSettings | null }> {
  const { system: name, preset, config: file, init, phase, data, minutes: limit } = options;
  const model = init === undefined ? null : await modelToStartFrom(init);
  const known = name ?? model?.system;
  if (known === undefined) throw new TalkfaceError("usage", `--system: expected one of ${systemNames().join(", ")}, or --init with a model folder.`);
  const system = findSystem(known);
  const fromModel = preset === undefined && model?.system === known ? model.config : {};
  const config = { ...fromModel, ...(file === undefined ? {} : ((await readJson(file)) as object)) };
  if (init === undefined || phase !== undefined || system.personal === undefined || (await countPeople(data)) !== 1) return { system, config, personal: null };
  const personal = personalSettings(system, { ...(system.presets[preset ?? "default"] as object), ...config }, limit);
  info(`${init}: is fitted to one person, in at most ${personal.minutes} minutes`);
  return { system, config: personal.config, personal };
}

/** Says in an error which one of several ranks it befell. */
async function namingRank<T>({ rank, size }: Ranks, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (size === 1 || !(error instanceof TalkfaceError)) throw error;
    throw new TalkfaceError(error.code, `rank ${rank} of ${size}: ${error.message}`, { cause: error });
  }
}

function parsePhase(text: string, earlier: readonly { name: string; steps: number; rate?: number }[] = []): readonly { name: string; steps: number; rate?: number }[] {
  const match = /^([a-z-]+)=(\d+)(?:@([0-9.e-]+))?$/.exec(text);
  if (match === null) throw new InvalidArgumentError("expected name=steps or name=steps@rate, for instance render=6000@5e-4.");
  const [, name = "", steps = "", rate] = match;
  return [...earlier, { name, steps: Number(steps), ...(rate === undefined ? {} : { rate: Number(rate) }) }];
}

/** `adamw,decay=0.01` as settings; their ranges are checked with the rest of the configuration. */
function parseOptimizer(text: string): Record<string, string | number> {
  const [name = "", ...pairs] = text.split(",");
  if (!optimizerNames.some((known) => known === name)) throw new InvalidArgumentError(`expected one of ${optimizerNames.join(", ")}.`);
  return Object.fromEntries([
    ["name", name],
    ...pairs.map((pair): [string, number] => {
      const [, key = "", value = ""] = /^([a-z0-9]+)=([0-9.]+(?:e-?\d+)?)$/.exec(pair) ?? [];
      if (!optimizerKeys.includes(key) || !Number.isFinite(Number(value))) throw new InvalidArgumentError(`"${pair}": expected key=number with a key of ${optimizerKeys.join(", ")}, for instance adamw,decay=0.01.`);
      return [key, Number(value)];
    }),
  ]);
}

function minutes(text: string): number {
  const n = Number(text);
  if (!(n > 0 && Number.isFinite(n))) throw new InvalidArgumentError("expected a number of minutes above 0.");
  return n;
}

function positive(text: string): number {
  const n = whole(text);
  if (n === 0) throw new InvalidArgumentError("expected a whole number above 0.");
  return n;
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("expected a whole number.");
  return Number(text);
}
