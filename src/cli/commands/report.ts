/** `talkface report`: the page of a training run, at any time. */
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { refuseOverwrite, writeAtomic } from "../../base/files.js";
import { pageName } from "../../train/page/listener.js";
import { runPage } from "../../train/page/run-page.js";

interface Options {
  readonly out?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

export function registerReport(program: Command): void {
  program
    .command("report")
    .description("write the page of a training run: curves, samples, shares of the modalities, settings; one file that needs no network")
    .argument("<run>", "folder of the run")
    .option("--out <file.html>", `where the page goes (default: ${pageName} in the run's folder, which training renews too)`)
    .option("--json", "print the page's path as JSON")
    .option("--force", "overwrite the file that --out names")
    .addHelpText("after", "\nExamples:\n  talkface report runs/first\n  talkface report runs/first --out first.html")
    .action(async (run: string, { out, json, force }: Options) => {
      const own = join(run, pageName);
      const path = out ?? own;
      await refuseOverwrite(path, force === true || resolve(path) === resolve(own));
      await writeAtomic(path, await runPage(run));
      process.stdout.write(json === true ? `${JSON.stringify({ page: path })}\n` : `${path}\n`);
    });
}
