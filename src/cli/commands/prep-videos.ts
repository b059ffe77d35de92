/** `talkface prep-videos PATH... --out DIR`: any talking videos to prepared shards. */
import type { Command } from "commander";
import { findInputs } from "../../data/inputs.js";
import { prepareInputs } from "../../data/prepare.js";
import { addPrepareOptions, only, PrepareDisplay, type PrepareFlags, prepareOptions, report, reportDryRun } from "../prepare-options.js";

interface Flags extends PrepareFlags {
  readonly people?: string;
}

export function registerPrepVideos(program: Command): void {
  const command = program
    .command("prep-videos")
    .description("talking videos to aligned faces with speech, in WebDataset shards; a stopped run continues when repeated")
    .argument("<path...>", "videos, or folders searched for them; sound inside, or a .wav of the same name beside")
    .option("--people <file>", "JSON: path or name -> person, or a list of { path, person, split, licence, labels }");
  addPrepareOptions(command)
    .addHelpText("after", "\nExamples:\n  talkface prep-videos interviews/ --out shards\n  talkface prep-videos a.mp4 b.mov --people people.json --out shards --size 256\n")
    .action(async (paths: string[], flags: Flags) => {
      const list = only({ inputs: await findInputs(paths, flags.people ?? null), rejects: [], expected: [] }, flags.only);
      const show = new PrepareDisplay();
      const options = prepareOptions(flags, (state) => show.update(state));
      if (flags.dryRun === true) return reportDryRun(flags, list);
      const result = await prepareInputs(list, options);
      show.finish();
      report(flags, result);
    });
}
