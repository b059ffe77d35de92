/** `talkface export`: a checkpoint of a run -> a model folder that `synth` uses. */
import { join } from "node:path";
import { type Command, Option } from "commander";
import { TalkfaceError } from "../../base/errors.js";
import { refuseOverwrite } from "../../base/files.js";
import { info, warn } from "../../base/log.js";
import { exportModel, type Precision } from "../../train/export.js";

/** Bytes of the networks of a model that comes with the package. */
const shippedMost = 25e6;

interface Options {
  readonly out: string;
  readonly checkpoint: string;
  readonly licence: string;
  readonly precision: Precision;
  readonly blend?: string;
  readonly blendShare: number;
  readonly force?: boolean;
}

export function registerExport(program: Command): void {
  program
    .command("export")
    .description("write a checkpoint as a model folder: ONNX graphs and model.json")
    .argument("<run>", "folder of a run, or a file of weights in it")
    .requiredOption("--out <folder>", "model folder")
    .option("--checkpoint <which>", "of a run's folder: latest, best (by validation, of the last phase that was judged) or the name of a file in it", "latest")
    .option("--licence <text>", "licence of the weights, kept in model.json and in every graph", "research use only")
    .addOption(new Option("--precision <type>", "type of weights and layers; float16 halves the files and is for GPUs").choices(["float32", "float16"]).default("float32"))
    .option("--blend <run>", "another run, or a file of weights, of the same networks that is blended in: between weights with and without adversaries lies how much texture is invented")
    .option("--blend-share <share>", "how much of it, from 0 to 1", parseShare, 0.5)
    .option("--force", "replace a model that stands there")
    .addHelpText("after", "\nExamples:\n  talkface export runs/first --out models/first\n  talkface export runs/first --checkpoint best --out models/first\n  talkface export runs/first/checkpoint-00009000.safetensors --out models/first\n  talkface export runs/sharp --blend runs/soft --blend-share 0.3 --out models/between")
    .action(async (run: string, { out, checkpoint, licence, precision, blend, blendShare, force }: Options) => {
      await refuseOverwrite(join(out, "model.json"), force === true);
      const bytes = await exportModel(run, out, { licence, precision, which: checkpoint, blend: blend === undefined ? null : { source: blend, share: blendShare } });
      info(`${(bytes / 1e6).toFixed(1)} MB in ${precision}`);
      if (bytes > shippedMost && precision === "float32") warn(`a model that ships has at most ${shippedMost / 1e6} MB: --precision float16 halves it.`);
      process.stdout.write(`${out}\n`);
    });
}

function parseShare(text: string): number {
  const share = Number(text);
  if (text.trim() === "" || !(share >= 0 && share <= 1)) throw new TalkfaceError("usage", `--blend-share ${text}: expected a number from 0 to 1.`);
  return share;
}
