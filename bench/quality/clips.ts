/** Which clips are scored, and what each brings. */
import { TalkfaceError } from "../../src/base/errors.js";
import { Random } from "../../src/base/random.js";
import type { ClipEntry, Dataset } from "../../src/data/dataset.js";
import { meshesOf } from "../../src/face/mesh-parts.js";
import type { FaceCrop } from "./drive.js";

export const clipProtocol = "val clips of real people (of personas, where there are no others) of at least 63 frames (2.5 s) with sound that was found in step, the first 250 frames (10 s) of each";

export interface ClipContent {
  /** [T] crops. */
  readonly crops: readonly FaceCrop[];
  /** [S = 640 T] at 16 kHz. */
  readonly speech: Float32Array;
}

export interface QualityClip {
  readonly id: string;
  readonly person: string;
  read(): Promise<ClipContent>;
  /** All of the clip's speech, for others to be driven with. */
  readSpeech(): Promise<Float32Array>;
  /** [T] meshes [478,3] of all of the clip, as they were prepared. */
  readMeshes(): Promise<Float32Array[]>;
}

const fewestFrames = 63;
const mostFrames = 250;
export const samplesPerFrame = 640;

/** Clips of the val split that fit the protocol; `skipped` counts the others by reason. */
export function chooseClips(dataset: Dataset): { clips: QualityClip[]; skipped: Record<string, number> } {
  const skipped: Record<string, number> = {};
  const clips: QualityClip[] = [];
  const hasPeople = dataset.clips.some((clip) => clip.split === "val" && !isPersona(clip));
  for (const clip of dataset.clips) {
    if (clip.split !== "val") continue;
    const reason = hasPeople && isPersona(clip) ? "of personas" : unfit(clip);
    if (reason === null) clips.push(openClip(dataset, clip));
    else skipped[reason] = (skipped[reason] ?? 0) + 1;
  }
  return { clips, skipped };
}

/** As `talkface personas` names them. */
export function isPersona({ person }: ClipEntry): boolean {
  return /^persona-\d+$/.test(person);
}

function unfit({ frames, silent, sync, labels }: ClipEntry): string | null {
  if (silent) return "silent";
  if (frames < fewestFrames) return "short";
  return sync.corrected && labels["sync"] !== "unconfirmed" ? null : "sound not surely in step";
}

function openClip(dataset: Dataset, clip: ClipEntry): QualityClip {
  return {
    id: clip.id,
    person: clip.person,
    readSpeech: () => dataset.readSpeech(clip),
    async readMeshes() {
      const { data } = await dataset.readArray(clip, "mesh");
      return meshesOf(data);
    },
    async read() {
      const count = Math.min(clip.frames, mostFrames);
      const crops = await readCrops(dataset, clip, Array.from({ length: count }, (_, t) => t));
      return { crops, speech: (await dataset.readSpeech(clip)).subarray(0, count * samplesPerFrame) };
    },
  };
}

/** The crops of a clip at these places. */
export async function readCrops(dataset: Dataset, clip: ClipEntry, places: readonly number[]): Promise<FaceCrop[]> {
  const meshes = meshesOf((await dataset.readArray(clip, "mesh")).data);
  const crops: FaceCrop[] = [];
  for (const t of places) crops.push({ image: await dataset.readFrame(clip, t), mesh: meshes[t]! });
  return crops;
}

/** The first clip of each person. */
export function onePerPerson(clips: readonly QualityClip[]): QualityClip[] {
  return [...new Map([...clips].reverse().map((clip) => [clip.person, clip])).values()].reverse();
}

/** `limit` of the clips, spread over the list. */
export function thinClips<T>(clips: readonly T[], limit: number): T[] {
  if (clips.length <= limit) return [...clips];
  return Array.from({ length: limit }, (_, i) => clips[Math.floor((i * clips.length) / limit)] as T);
}

/** The clips of these names, or all where none is given. Throws `usage` where a name is not among them. */
export function namedClips(clips: readonly QualityClip[], only: readonly string[]): QualityClip[] {
  const missing = only.filter((id) => !clips.some((clip) => clip.id === id));
  if (missing.length > 0) throw new TalkfaceError("usage", `--only ${missing.join(", ")}: not among the ${clips.length} clips that are scored (${clipProtocol}).`);
  return only.length === 0 ? [...clips] : clips.filter(({ id }) => only.includes(id));
}

/** Clips of `count` different other people, drawn by the clip's name; fewer where there are no more. Throws `bad-data` where there is nobody. */
export function foreignClips(clip: QualityClip, all: readonly QualityClip[], count: number): QualityClip[] {
  const random = new Random(clip.id).split("foreign");
  const people = random.shuffle([...new Set(all.map(({ person }) => person))].filter((person) => person !== clip.person).sort());
  if (people.length === 0) {
    throw new TalkfaceError("bad-data", `${clip.id}: nobody else's speech is in the data. Give val clips of at least two people with --data.`);
  }
  return people.slice(0, count).map((person) => random.pick(all.filter((other) => other.person === person)));
}
