/** What the folder of a run says: its settings, its journal without what a resumed run did anew, its sample sheets. */
import { join } from "node:path";
import { z } from "zod";
import { TalkfaceError } from "../../base/errors.js";
import { exists, readJson, readJsonLines } from "../../base/files.js";
import { parseTrainConfig, type TrainConfig } from "../config.js";
import { type JournalEntry, journalKinds, journalName } from "../journal.js";

export interface RunRecord {
  readonly config: TrainConfig;
  /** In the order of their steps. */
  readonly entries: readonly JournalEntry[];
  readonly folder: string;
}

const entrySchema = z
  .object({ kind: z.enum(journalKinds), step: z.number().int().nonnegative(), phase: z.string() })
  .catchall(z.union([z.string(), z.number()]));

/** Throws `missing-file` where no run was started, `bad-data` where its files are damaged. */
export async function readRun(folder: string): Promise<RunRecord> {
  const path = join(folder, journalName);
  const config = parseTrainConfig(await readJson(join(folder, "config.json")), join(folder, "config.json"));
  const entries: JournalEntry[] = [];
  const lines = (await exists(path)) ? await readJsonLines(path) : [];
  lines.forEach((line, i) => {
    const { data: entry } = entrySchema.safeParse(line);
    if (entry === undefined) throw new TalkfaceError("bad-data", `${path}: entry ${i + 1} is no journal entry of a kind, a step and a phase. Give the folder of a run that \`talkface train\` wrote.`);
    // Steps begin anew where a run was resumed from an earlier checkpoint: what lay beyond it is void.
    while ((entries.at(-1)?.step ?? 0) > entry.step) entries.pop();
    entries.push(entry);
  });
  return { config, entries, folder };
}

/** Entries of a kind, the last one of each step. */
export function ofKind(entries: readonly JournalEntry[], kind: JournalEntry["kind"]): JournalEntry[] {
  return [...new Map(entries.filter((entry) => entry.kind === kind).map((entry) => [entry.step, entry])).values()];
}

/** Each phase with the step after which it begins. */
export function phaseStarts(config: TrainConfig): { readonly at: number; readonly name: string }[] {
  let at = 0;
  return config.phases.map(({ name, steps }) => {
    const start = { at, name };
    at += steps;
    return start;
  });
}
