/** `talkface prep-videos PATH... --out DIR`: any talking videos to prepared shards. */
import { type Command, Option } from "commander";
import { findInputs, ofOnePerson } from "../../data/inputs.js";
import { addPrepareOptions, prepareAndReport, type PrepareFlags } from "../prepare-options.js";

interface Flags extends PrepareFlags {
  readonly people?: string;
  readonly person?: string;
}

export function registerPrepVideos(program: Command): void {
  const command = program
    .command("prep-videos")
    .description("talking videos to aligned faces with speech, in WebDataset shards; a stopped run continues when repeated")
    .argument("<path...>", "videos, or folders searched for them; sound inside, or a .wav of the same name beside")
    .option("--people <file>", "JSON: path or name -> person, or a list of { path, person, split, licence, labels }")
    .addOption(new Option("--person <name>", "all videos show this one person, to whom a model is to be fitted (train --init)").conflicts("people"));
  addPrepareOptions(command)
    .addHelpText("after", "\nExamples:\n  talkface prep-videos interviews/ --out shards\n  talkface prep-videos a.mp4 b.mov --people people.json --out shards --size 256\n  talkface prep-videos me-1.mp4 me-2.mp4 --person me --out my-video-shards\n")
    .action(async (paths: string[], flags: Flags) => {
      const { person } = flags;
      await prepareAndReport(async () => {
        const list = await findInputs(paths, flags.people ?? null);
        return person === undefined ? list : ofOnePerson(list, person);
      }, flags);
    });
}
