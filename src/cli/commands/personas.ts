/** `talkface personas`: videos of invented people who talk, with exact landmarks. */
import { join } from "node:path";
import type { Command } from "commander";
import { TalkfaceError } from "../../base/errors.js";
import { progress } from "../../base/log.js";
import { planClips, writePersonaClip, writeShippedInputs } from "../../media/persona/clips.js";
import { expressions, framesPerSecond } from "../../media/persona/performance.js";

interface Options {
  readonly out: string;
  readonly count: string;
  readonly seconds: string;
  readonly size: string;
  readonly seed: string;
  readonly shipped?: boolean;
  readonly force?: boolean;
}

export function registerPersonas(program: Command): void {
  program
    .command("personas")
    .description("make videos of invented people who talk: persona-NNN.mp4 and persona-NNN.json with phonemes and landmarks")
    .requiredOption("--out <folder>", "folder for the videos")
    .option("--count <n>", "number of people", "8")
    .option("--seconds <s>", "length of each video", "4")
    .option("--size <px>", "side of the pictures", "256")
    .option("--seed <n>", "seed of the first person; the next ones follow", "1")
    .option("--shipped", "make the inputs that ship in datasets/personas instead")
    .option("--force", "replace what stands there")
    .addHelpText("after", "\nExample:\n  talkface personas --out personas --count 20 --seconds 6\n\nA stopped command continues where it was: finished videos are kept.")
    .action(async (options: Options) => {
      const force = options.force === true;
      if (options.shipped === true) {
        for (const path of await writeShippedInputs(options.out, force)) process.stdout.write(`${path}\n`);
        return;
      }
      const count = number("--count", options.count, 1, 100_000, true);
      const seconds = number("--seconds", options.seconds, 0.2, 600, false);
      const size = number("--size", options.size, 64, 1024, true);
      const seed = number("--seed", options.seed, 0, 4_000_000_000, true);
      const clips = planClips(count, seed, seconds, size, expressions);
      const frames = Math.max(1, Math.round(seconds * framesPerSecond));
      const line = progress("personas", count * frames, "frames");
      for (const [n, clip] of clips.entries()) {
        const path = join(options.out, `persona-${String(n + 1).padStart(3, "0")}`);
        await writePersonaClip(path, clip, { force, onFrame: (done) => line.update(n * frames + done) });
        process.stdout.write(`${path}.mp4\n`);
      }
      line.finish(`${count} persona videos in ${options.out}`);
    });
}

function number(name: string, text: string, low: number, high: number, whole: boolean): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
    throw new TalkfaceError("usage", `${name} ${text}: expected a ${whole ? "whole " : ""}number from ${low} to ${high}.`);
  }
  return value;
}
