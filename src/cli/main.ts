/** The command line: arguments in, exit status out. */
import { readFileSync } from "node:fs";
import { Command } from "commander";
import { setQuiet } from "../base/log.js";
import { abortOpenWriters } from "../media/video-writer.js";
import { registerCommands } from "./commands.js";
import { describeFailure } from "./failure.js";
import { endCleanlyOnSignals } from "./signals.js";

/** Runs one command and sets the exit status: 0 done, 1 failed, 2 wrong usage, 3 done with rejects. `args` without node and script. */
export async function main(args: readonly string[]): Promise<void> {
  const isEnding = endCleanlyOnSignals();
  try {
    const program = createProgram();
    await registerCommands(program, args.find((arg) => !arg.startsWith("-")));
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (isEnding()) return;
    await abortOpenWriters();
    const debug = args.includes("--debug") || (process.env["TALKFACE_DEBUG"] ?? "") !== "";
    const { text, status } = describeFailure(error, debug);
    process.stderr.write(text);
    process.exitCode = status;
  }
}

/** The program without its commands; every command inherits the settings. */
export function createProgram(): Command {
  const program = new Command("talkface");
  program
    .description("Prepare talking-face datasets, train the published systems on them, make talking-face videos and score them.")
    .version(packageVersion(), "-V, --version", "print the version")
    .option("--quiet", "no progress and no messages, only warnings and errors")
    .option("--debug", "with the place in the program where an error arose")
    .hook("preAction", () => setQuiet(program.opts<{ quiet?: boolean }>().quiet === true))
    .helpOption("-h, --help", "print what a command takes")
    .addHelpText("after", "\nStart with:\n  talkface doctor\n  talkface synth --id pictures/ --expr guide.mp4 --audio speech.wav -o talking.mp4\n\nExit status: 0 done, 1 failed, 2 wrong usage, 3 done with rejects.")
    .showHelpAfterError(false)
    .showSuggestionAfterError(true)
    .configureOutput({ outputError: () => undefined }) // failure.ts words errors
    .exitOverride();
  return program;
}

function packageVersion(): string {
  // The same place from src/cli and from dist/cli.
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
