/** Videos and pictures of personas as files, with what is true about them beside. */
import { join } from "node:path";
import { exists, readJson, refuseOverwrite, writeAtomic } from "../../base/files.js";
import { TalkfaceError } from "../../base/errors.js";
import { Random } from "../../base/random.js";
import { encodeJpeg, type Image } from "../image.js";
import { openVideoWriter } from "../video-writer.js";
import { neutralState, type FaceState } from "./face-state.js";
import { colour } from "./identity.js";
import { createPersona } from "./model.js";
import { framesPerSecond, performance, type Expression } from "./performance.js";
import { renderPersona } from "./render.js";

/** The tag that every video of ours carries. */
export const syntheticTag = "synthetic media made by talkface";

export interface PersonaClip {
  /** Who. */
  readonly seed: number;
  /** What is said and done. */
  readonly act: number;
  readonly seconds: number;
  readonly size: number;
  readonly expression: Expression;
}

/**
 * Writes `<path>.mp4` and `<path>.json`: the clip's settings, phonemes with times in seconds, and the mesh of every frame
 * [T][468*3] in picture pixels. Returns false, and does nothing, where the same clip stands already. Throws `exists` where another does.
 */
export async function writePersonaClip(path: string, clip: PersonaClip, options: { force: boolean; onFrame?: (done: number) => void }): Promise<boolean> {
  const facts = `${path}.json`;
  if (!options.force && (await exists(facts))) {
    const found = (await readJson(facts)) as { clip?: unknown } | null;
    if (JSON.stringify(found?.clip) === JSON.stringify(clip) && (await exists(`${path}.mp4`))) return false;
    throw new TalkfaceError("exists", `${facts}: describes another clip. Give --force to overwrite it, or another folder.`);
  }
  const persona = createPersona(clip.seed);
  const act = performance(clip.act, clip.seconds, clip.expression, { voice: persona.identity.voice });
  const mesh: number[][] = [];
  // A video without its facts is left from a command that was stopped: it is made again.
  await writeFrames(`${path}.mp4`, act.states, act.speech, {
    draw: (state) => {
      const drawn = renderPersona(persona, state, clip.size);
      mesh.push(Array.from(drawn.mesh, (v) => Math.round(v * 100) / 100));
      return drawn.image;
    },
    size: clip.size,
    crf: 18,
    ...(options.onFrame === undefined ? {} : { onFrame: options.onFrame }),
  });
  let start = 0;
  const phonemes = act.phonemes.map(({ symbol, seconds }) => {
    const from = start;
    start += seconds;
    return { symbol, start: Number(from.toFixed(4)), end: Number(start.toFixed(4)) };
  });
  await writeAtomic(facts, JSON.stringify({ clip, fps: framesPerSecond, frames: mesh.length, phonemes, mesh }));
  return true;
}

interface FrameSource {
  readonly draw: (state: FaceState) => Image;
  readonly size: number;
  readonly crf: number;
  readonly onFrame?: (done: number) => void;
}

async function writeFrames(path: string, states: readonly FaceState[], speech: Float32Array | null, source: FrameSource): Promise<void> {
  const writer = await openVideoWriter({
    path,
    width: source.size,
    height: source.size,
    fps: framesPerSecond,
    crf: source.crf,
    force: true,
    metadata: { comment: syntheticTag },
    ...(speech === null ? {} : { audio: { samples: speech, sampleRateHz: 16000 } }),
  });
  try {
    for (const [t, state] of states.entries()) {
      await writer.write(source.draw(state));
      source.onFrame?.(t + 1);
    }
    await writer.finish();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Ada's views: calm, mouth closed, eyes open. */
const views: readonly (readonly [name: string, change: Partial<FaceState>])[] = [
  ["1-front", {}],
  ["2-left", { yaw: -0.34, gazeX: -0.1 }],
  ["3-right", { yaw: 0.34, gazeX: 0.1 }],
  ["4-up", { pitch: 0.16, yaw: 0.12 }],
  ["5-down", { pitch: -0.14, yaw: -0.15, gazeY: 0.2 }],
  ["6-smile", { smile: 0.35, roll: 0.07, yaw: 0.08 }],
];

const shipped = { ada: 18, guide: 23, guideSeconds: 6, viewSize: 512, guideSize: 256 } as const;

/** Makes what datasets/personas ships, except the speech: `ada/*.jpg` and `expression.mp4`. */
export async function writeShippedInputs(folder: string, force: boolean): Promise<string[]> {
  const ada = createPersona(shipped.ada, { age: 0.05, skin: colour("#e6bfa4") });
  const made: string[] = [];
  for (const [name, change] of views) {
    const path = join(folder, "ada", `${name}.jpg`);
    await refuseOverwrite(path, force);
    await writeAtomic(path, await encodeJpeg(renderPersona(ada, { ...neutralState, ...change }, shipped.viewSize).image, 92));
    made.push(path);
  }
  const path = join(folder, "expression.mp4");
  await refuseOverwrite(path, force);
  const guide = createPersona(shipped.guide);
  const { states } = performance(shipped.guide, shipped.guideSeconds, "varied", { phonemes: [{ symbol: "sil", seconds: shipped.guideSeconds }], headMotion: 1.3 });
  await writeFrames(path, states, null, { draw: (state) => renderPersona(guide, state, shipped.guideSize).image, size: shipped.guideSize, crf: 20 });
  return [...made, path];
}

/** The clips of a set: a new person each, expressions in turn, the first of them neutral. */
export function planClips(count: number, seed: number, seconds: number, size: number, expressions: readonly Expression[]): PersonaClip[] {
  const random = new Random(seed).split("clips");
  return Array.from({ length: count }, (_, n) => ({ seed: seed + n, act: random.integer(1_000_000), seconds, size, expression: expressions[n % expressions.length]! }));
}
