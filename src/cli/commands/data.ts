/** `talkface data DIR`: what a prepared folder holds, and whether it is whole. */
import type { Command } from "commander";
import { exitStatus } from "../../base/errors.js";
import { refuseOverwrite } from "../../base/files.js";
import { duration, type Progress, progress } from "../../base/log.js";
import { type Counted, dataSheet, inspect, type Inspection } from "../../data/inspect.js";
import { splits } from "../../data/manifest.js";
import { writePng } from "../../media/image.js";

interface Flags {
  readonly sheet?: string;
  readonly json?: boolean;
  readonly force?: boolean;
}

/** People and emotions shown beyond this are summed up. */
const shown = 12;

export function registerData(program: Command): void {
  program
    .command("data")
    .description("counts of a prepared folder by split, person, emotion and length; every shard is checked against its digest")
    .argument("<dir>", "folder that prep-* wrote")
    .option("--sheet <file.png>", "draw the middle frames of up to 48 clips with their landmarks")
    .option("--json", "everything as JSON on stdout")
    .option("--force", "overwrite the sheet")
    .addHelpText("after", "\nExamples:\n  talkface data shards\n  talkface data shards --sheet sheet.png\n  talkface data shards --json | jq .people\n")
    .action(async (folder: string, flags: Flags) => {
      if (flags.sheet !== undefined) await refuseOverwrite(flags.sheet, flags.force === true);
      let line: Progress | undefined;
      const found = await inspect(folder, (done, total) => (line ??= progress("checking shards", total, "shards")).update(done));
      line?.finish();
      if (flags.sheet !== undefined && found.damaged.length === 0) await writePng(flags.sheet, await dataSheet(folder));
      process.stdout.write(flags.json === true ? `${JSON.stringify({ folder, ...found })}\n` : `${text(folder, found).join("\n")}\n`);
      if (found.damaged.length > 0) process.exitCode = exitStatus.failed;
    });
}

function text(folder: string, found: Inspection): string[] {
  const list = (title: string, groups: Readonly<Record<string, Counted>>): string[] => {
    const entries = Object.entries(groups).sort(([, a], [, b]) => b.frames - a.frames);
    if (entries.length === 0) return [];
    const rest = entries.slice(shown);
    const more = rest.length === 0 ? [] : [`and ${rest.length} more with ${rest.reduce((sum, [, { clips }]) => sum + clips, 0)} clips`];
    return [`${title}: ${[...entries.slice(0, shown).map(([name, { clips }]) => `${name} ${clips}`), ...more].join(", ")}`];
  };
  const people = Object.keys(found.people).length;
  return [
    `${folder}: ${found.clips} clips, ${duration(found.seconds)}, ${people} people, crops of ${found.size} pixels, ${(found.bytes / 1e6).toFixed(1)} MB`,
    `splits: ${splits.map((name) => `${name} ${found.splits[name].clips} clips of ${found.splits[name].people} people`).join(", ")}`,
    ...list("clips by person", found.people),
    ...list("clips by emotion", found.emotions),
    `clips by length: ${Object.entries(found.lengths).map(([name, count]) => `${name} ${count}`).join(", ")}`,
    ...(Object.keys(found.rejects).length === 0 ? [] : [`rejects: ${Object.entries(found.rejects).map(([reason, count]) => `${count} ${reason}`).join(", ")}`]),
    ...(found.damaged.length === 0 ? ["all shards are whole"] : found.damaged),
  ];
}
