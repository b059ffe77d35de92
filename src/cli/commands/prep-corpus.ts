/** `talkface prep-lrw|prep-grid|prep-mead|prep-cremad ROOT --out DIR`: a corpus in its published layout to prepared shards. */
import type { Command } from "commander";
import { corpora } from "../../data/corpora/registry.js";
import { addPrepareOptions, prepareAndReport, type PrepareFlags } from "../prepare-options.js";

interface Flags extends PrepareFlags {
  readonly splits: string;
  readonly keepKnownBad?: boolean;
}

/** The command of a corpus by its name. */
export function registerPrepCorpus(wanted: string): (program: Command) => void {
  return (program) => {
    const { name, title, splits, find } = corpora.find((corpus) => corpus.name === wanted)!;
    const command = program
      .command(`prep-${name}`)
      .description(`${title}; to aligned faces with speech, words and labels, in WebDataset shards; a stopped run continues when repeated`)
      .argument("<root>", "folder of the corpus in its published layout (datasets/ shows the tree)")
      .option("--splits <name>", `whose lists of people decide the split: ${splits.join(", ")}`, splits[0])
      .option("--keep-known-bad", "try clips that are known to be broken");
    addPrepareOptions(command)
      .addHelpText("after", `\nExamples:\n  talkface prep-${name} ${name}/ --out shards --dry-run\n  talkface prep-${name} ${name}/ --out shards --jobs 8\n`)
      .action(async (root: string, flags: Flags) => {
        await prepareAndReport(() => find(root, { splits: flags.splits, keepKnownBad: flags.keepKnownBad === true }), flags);
      });
  };
}
