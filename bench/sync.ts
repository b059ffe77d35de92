/**
 * What the audio-lip expert says of prepared clips: the offset that is left in each, how surely, whether it finds a shift that was
 * put in on purpose, how many of those that preparation brought in step are so to a frame (`corrected_within_1`), and whether preparation would tell who speaks,
 * were the clip's first frames (`--frames`: two seconds) beside as many of others. `--list` writes clip, person, split, offset, confidence and whether it counts as in step.
 *
 *   npm run bench -- sync --data PREPARED [--data MORE] [--split train|val|test|all] [--frames 50] [--model onnx/sync] [--list FILE.csv]
 */
import { parseArgs } from "node:util";
import { TalkfaceError } from "../src/base/errors.js";
import { writeAtomic } from "../src/base/files.js";
import { progress } from "../src/base/log.js";
import { ClipCache } from "../src/data/clip-cache.js";
import { type ClipEntry, openDataset } from "../src/data/dataset.js";
import { isClear, speakingScore } from "../src/data/speaker.js";
import { SyncExpert, type SyncScore } from "../src/data/sync-expert.js";
import { mouthMotion } from "../src/features/mouth-motion.js";
import { columnsPerFrame } from "../src/features/speech.js";

/** Below it, an offset may be chance. */
const clearConfidence = 0.1;
/** A clip of a second has too few frames to tell by itself. */
const fewestFrames = 50;
/** Frames of sound that are left out at the front, so that the mouth comes late. */
const planted = 4;
/** Other clips that a clip is put beside. */
const pairsPerClip = 6;

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const { values } = parseArgs({ args: [...args], options: { data: { type: "string", multiple: true }, split: { type: "string", default: "val" }, frames: { type: "string", default: "50" }, model: { type: "string" }, list: { type: "string" } } });
  if (values.data === undefined) throw new TalkfaceError("usage", "bench sync: give --data PREPARED.");
  const frames = Number(values.frames);
  if (!Number.isInteger(frames) || frames < 25 || frames > fewestFrames) throw new TalkfaceError("usage", `bench sync: --frames ${values.frames}: expected a whole number from 25 to ${fewestFrames}.`);
  const dataset = await openDataset(values.data);
  const expert = await SyncExpert.open(values.model);
  try {
    const clips = dataset.clips.filter((clip) => (values.split === "all" || clip.split === values.split) && !clip.silent && clip.frames >= fewestFrames);
    if (clips.length === 0) throw new TalkfaceError("bad-data", `${values.data.join(", ")}: no ${values.split} clip with sound of ${fewestFrames} frames or more.`);
    const cache = new ClipCache(dataset, 0);
    const line = progress("sync", clips.length, "clips");
    const heard: Speech[] = [];
    const found: { readonly clip: ClipEntry; readonly score: SyncScore; readonly moved: number }[] = [];
    for (const [i, clip] of clips.entries()) {
      const { faces, rest, mel, reference } = await cache.features(clip);
      const motion = faces.map((face) => mouthMotion(face, rest));
      heard.push({ person: clip.person, motion: motion.slice(0, frames), mel: mel.slice(0, frames * columnsPerFrame * dataset.contract.mel.bands), reference });
      const score = await expert.score(motion, mel, reference);
      const late = await expert.score(motion, mel.subarray(planted * columnsPerFrame * dataset.contract.mel.bands), reference);
      if (score !== null && late !== null) found.push({ clip, score, moved: late.offset - score.offset });
      line.update(i + 1);
    }
    line.finish();
    const isInStep = ({ offset, confidence }: SyncScore): boolean => Math.abs(offset) <= 1 && confidence >= clearConfidence;
    if (values.list !== undefined) {
      const rows = found.map(({ clip, score }) => [clip.id, clip.person, clip.split, score.offset, score.confidence.toFixed(3), isInStep(score) ? "yes" : "no"].join(","));
      await writeAtomic(values.list, `${["clip,person,split,offset,confidence,in_step", ...rows].join("\n")}\n`);
    }
    type Found = (typeof found)[number];
    const isCorrected = ({ clip }: Found): boolean => clip.sync.corrected;
    const share = (test: (each: Found) => boolean, among: (each: Found) => boolean = () => true): string => (found.filter(test).length / found.filter(among).length).toFixed(3);
    const told = await speakersTold(expert, heard);
    const people = new Set(found.map(({ clip }) => clip.person)).size;
    const mean = (of: (score: SyncScore) => number): string => (found.reduce((sum, { score }) => sum + of(score), 0) / found.length).toFixed(3);
    return {
      clips: found.length, people,
      within_1: share(({ score }) => Math.abs(score.offset) <= 1),
      in_step: share(({ score }) => isInStep(score)),
      shift_found: share(({ moved }) => Math.abs(moved - planted) <= 1),
      cosine: mean(({ inStep }) => inStep),
      confidence: mean(({ confidence }) => confidence),
      ...told,
      corrected: found.filter(isCorrected).length,
      corrected_within_1: found.some(isCorrected) ? share((each) => isCorrected(each) && Math.abs(each.score.offset) <= 1, isCorrected) : "-",
    };
  } finally {
    await expert.close();
    await dataset.close();
  }
}

interface Speech {
  readonly person: string;
  readonly motion: readonly Float32Array[];
  readonly mel: Float32Array;
  readonly reference: number;
}

/** Shares of pairs of faces with the sound of one in which that one is taken: where the other face would be taken without the sound, and where it would be itself. */
async function speakersTold(expert: SyncExpert, clips: readonly Speech[]): Promise<Record<string, string | number>> {
  let [pairs, found, kept] = [0, 0, 0];
  for (const [i, { person, motion, mel, reference }] of clips.entries()) {
    const own = await expert.score(motion, mel, reference);
    for (let k = 1; k <= pairsPerClip; k++) {
      const other = clips[(i + 7 * k) % clips.length]!;
      const beside = other.person === person ? null : await expert.score(other.motion, mel, reference);
      if (own === null || beside === null) continue;
      const margin = speakingScore(own) - speakingScore(beside);
      pairs += 1;
      if (isClear(margin, motion.length)) found += 1;
      if (!isClear(-margin, motion.length)) kept += 1;
    }
  }
  return { pairs, speaker_found: (found / pairs).toFixed(3), speaker_kept: (kept / pairs).toFixed(3) };
}
