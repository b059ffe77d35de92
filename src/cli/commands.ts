/**
 * The commands by name. Only the module of the command that was asked for is loaded, so that a broken native package stops
 * only what needs it: `doctor` runs on a machine where nothing else does.
 */
import type { Command } from "commander";
import { warn } from "../base/log.js";

type Register = (program: Command) => void;

export const commandModules: Readonly<Record<string, () => Promise<Register>>> = {
  synth: async () => (await import("./commands/synth.js")).registerSynth,
  personas: async () => (await import("./commands/personas.js")).registerPersonas,
  "prep-videos": async () => (await import("./commands/prep-videos.js")).registerPrepVideos,
  ...Object.fromEntries(["lrw", "grid", "mead", "cremad"].map((name) => [`prep-${name}`, async () => (await import("./commands/prep-corpus.js")).registerPrepCorpus(name)])),
  data: async () => (await import("./commands/data.js")).registerData,
  train: async () => (await import("./commands/train.js")).registerTrain,
  report: async () => (await import("./commands/report.js")).registerReport,
  eval: async () => (await import("./commands/eval.js")).registerEval,
  import: async () => (await import("./commands/import.js")).registerImport,
  export: async () => (await import("./commands/export.js")).registerExport,
  graph: async () => (await import("./commands/graph.js")).registerGraph,
  doctor: async () => (await import("./commands/doctor.js")).registerDoctor,
};

/** Adds the named command to the program, or all of them where the name is none (help, version, a typing error). */
export async function registerCommands(program: Command, name: string | undefined): Promise<void> {
  const load = name === undefined ? undefined : new Map(Object.entries(commandModules)).get(name);
  if (load !== undefined) {
    (await load())(program);
    return;
  }
  for (const [known, module] of Object.entries(commandModules)) {
    try {
      (await module())(program);
    } catch (error) {
      warn(`the command ${known} cannot be loaded (${(error as Error).message.split("\n")[0]}). Run talkface doctor.`);
    }
  }
}
