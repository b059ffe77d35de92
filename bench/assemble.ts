/**
 * Memory of putting a corpus together: staged clips like LRW's (29 frames and the members of a real clip, with next to nothing in them) to a finished folder, in a
 * process of its own for each number of clips. Arguments: numbers of clips (8000 32000; of fewer, what waits for the garbage collector hides the slope). The slope
 * gives what LRW with its 538,766 clips would take.
 */
import { spawnSync } from "node:child_process";
import { linkSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PackedList } from "../src/base/packed-list.js";
import { Random } from "../src/base/random.js";
import type { InputList, InputVideo } from "../src/data/inputs.js";
import { encodeNpy } from "../src/data/npy.js";
import { prepareInputs, stageShare, type PrepareOptions } from "../src/data/prepare.js";
import type { Member } from "../src/data/shard-writer.js";
import { Staging, stagingIdOf, type StagedVideo } from "../src/data/staging.js";
import { speechWidth } from "../src/data/sync-evidence.js";

const lrwClips = 538_766;
const frames = 29;
/** Clips of a word: files of one folder are from one source (sync.ts). */
const clipsOfFolder = 1000;
/** Different archives. */
const kinds = 64;

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  if (args[0]?.startsWith("--") === true) return half(args[0], Number(args[1]), args[2]!);
  const counts = args.length > 0 ? args.map(Number) : [8000, 32_000];
  const outcomes = counts.map((clips) => {
    const folder = mkdtempSync(join(tmpdir(), "talkface-assemble-"));
    try {
      const [, seconds, megabytes] = ["--stage", "--assemble"].map((which) => {
        const command = ["--import", "tsx", "bench/run.ts", "assemble", which, String(clips), folder];
        const done = spawnSync(process.execPath, command, { encoding: "utf8", cwd: join(import.meta.dirname, "..") });
        const found = /seconds=(\S+) peak_mb=(\S+)/.exec(done.stdout);
        if (done.status !== 0 || found === null) throw new Error(done.stderr);
        return found;
      }).at(-1)!;
      process.stdout.write(`${clips} clips: ${seconds} s, ${megabytes} MB at most\n`);
      return { megabytes: Number(megabytes), seconds: Number(seconds) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  const [few, many] = [outcomes[0]!, outcomes.at(-1)!];
  const slope = (of: keyof typeof few): number => (many[of] - few[of]) / Math.max(1, counts.at(-1)! - counts[0]!);
  const forLrw = (of: keyof typeof few): number => few[of] + slope(of) * (lrwClips - counts[0]!);
  return {
    clips: counts.at(-1)!,
    peak_mb: many.megabytes,
    kb_per_clip: (slope("megabytes") * 1024).toFixed(2),
    ms_per_clip: (slope("seconds") * 1000).toFixed(1),
    lrw_mb_extrapolated: Math.round(forLrw("megabytes")),
    lrw_hours_extrapolated: (forLrw("seconds") / 3600).toFixed(1),
  };
}

/** Stages `clips` clips in `folder`: records of their own, archives that are links to a few. */
async function stage(list: InputList, options: PrepareOptions): Promise<void> {
  await stageShare({ ...list, inputs: [input(0)] }, options, { index: 1, count: 2 }); // nothing but the folder
  const staging = new Staging(options.outFolder);
  const part = { startFrame: 0, frames, width: 256, height: 256, silent: false };
  const archives = await Promise.all(Array.from({ length: kinds }, (_, kind) => staging.writePart(`a${kind.toString(16)}`, 0, members())));
  for (let i = 0; i < list.inputs.length; i++) {
    const id = stagingIdOf(list.inputs.at(i)!);
    const archive = archives[i % kinds]!;
    const file = `${id}-0.tar`;
    linkSync(join(staging.folder, archive.file), join(staging.folder, file));
    writeFileSync(join(staging.folder, `${id}.json`), JSON.stringify({ parts: [{ ...archive, file, ...part }], drops: [], framesRead: frames } satisfies StagedVideo));
  }
}

/** One of the two halves of a measurement, in a process of its own: `clips` clips are staged in `folder`, or put together. */
async function half(which: string, clips: number, folder: string): Promise<Record<string, string | number>> {
  const list: InputList = { inputs: new PackedList(inputsOf(clips)), rejects: [], expected: [] };
  const rest = { limit: null, face: "largest", split: "all", allowSilent: false, maxSeconds: 20 } as const;
  const options: PrepareOptions = { ...rest, outFolder: folder, size: 96, jobs: 1, maxShardBytes: 2 ** 30, force: false, merge: true, onProgress: () => undefined };
  const started = performance.now();
  if (which === "--stage") await stage(list, options);
  else await prepareInputs(list, options);
  return { seconds: ((performance.now() - started) / 1000).toFixed(1), peak_mb: Math.round(process.resourceUsage().maxRSS / 1024) };
}

function* inputsOf(clips: number): Generator<InputVideo> {
  for (let i = 0; i < clips; i++) yield input(i);
}

function input(i: number): InputVideo {
  const word = `WORD${Math.floor(i / clipsOfFolder)}`;
  const name = `${word}_${String(i % clipsOfFolder).padStart(5, "0")}`;
  const labels = { word: word.toLowerCase(), word_seconds: 0.4 };
  const source = `lrw/${word}/train/${name}.mp4`;
  const words = [{ word: word.toLowerCase(), start: 0.38, end: 0.78 }];
  const who = { stem: `lrw_${word}_train_${name}`, person: `lrw_${name}`, split: "train", licence: "research" } as const;
  return { ...who, path: `/corpora/${source}`, wavPath: null, source, labels, words, bytes: 20_000 + i, changedMs: 1e12 };
}

const random = new Random(1);

/** As stage-video.ts writes them; the mouth follows the loudness, so that all rounds of the synchronisation are run. */
function members(): Member[] {
  const speech = new Float32Array(frames * speechWidth);
  const opening = Float32Array.from({ length: frames }, () => random.uniform());
  opening.forEach((value, t) => speech.fill(value + 0.2 * random.uniform(), t * speechWidth, (t + 1) * speechWidth));
  const array = (name: string, data: Float32Array, shape: number[]): Member => ({ name, data: encodeNpy({ data, shape }) });
  return [
    ...Array.from({ length: frames }, (_, t): Member => ({ name: `${t}.jpg`, data: new Uint8Array(300) })),
    ...["mesh.npy", "landmarks.npy", "crop.npy"].map((name) => array(name, new Float32Array(frames * 2), [frames, 1, 2])),
    array("samples.npy", new Float32Array(64), [64]),
    array("opening.npy", opening, [frames]),
    array("speech.npy", speech, [frames, speechWidth]),
  ];
}
