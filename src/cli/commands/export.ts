/** `talkface export`: a checkpoint of a run -> a model folder that `synth` uses. */
import { join } from "node:path";
import type { Command } from "commander";
import { refuseOverwrite } from "../../base/files.js";
import { exportModel } from "../../train/export.js";

interface Options {
  readonly out: string;
  readonly licence: string;
  readonly force?: boolean;
}

export function registerExport(program: Command): void {
  program
    .command("export")
    .description("write a checkpoint as a model folder: ONNX graphs and model.json")
    .argument("<checkpoint>", "checkpoint-*.safetensors of a run")
    .requiredOption("--out <folder>", "model folder")
    .option("--licence <text>", "licence of the weights, kept in model.json and in every graph", "research use only")
    .option("--force", "replace a model that stands there")
    .addHelpText("after", "\nExample:\n  talkface export runs/first/checkpoint-00009000.safetensors --out models/first")
    .action(async (checkpoint: string, { out, licence, force }: Options) => {
      await refuseOverwrite(join(out, "model.json"), force === true);
      await exportModel(checkpoint, out, licence);
      process.stdout.write(`${out}\n`);
    });
}
