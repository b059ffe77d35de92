/**
 * What each input moves: one identity with one speech and guide, then with the speech swapped, then with the guide swapped. Prints how much mouth
 * and upper face change, and the identity's cosine; `--sheet` writes the frames, a row per variant. Without arguments it takes personas.
 *
 *   npm run bench -- swap [--id PATH] [--expr A.mp4 --expr2 B.mp4] [--audio A.wav --audio2 B.wav] [--model DIR] [--sheet sheet.png]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ibug, span } from "../src/base/points.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { cosine, createIdentityNet } from "../src/face/identity.js";
import { eyeDistance, to68 } from "../src/face/landmarks.js";
import { contactSheet, type Image, writePng } from "../src/media/image.js";
import { writePersonaClip } from "../src/media/persona/clips.js";
import { readFrames } from "../src/media/video-reader.js";
import { defaultModelFolder } from "../src/synth/request.js";
import { defaultArticulation } from "../src/synth/talking-model.js";
import { synthesize } from "../src/synth/synthesize.js";

const shipped = (name: string): string => join(import.meta.dirname, "../datasets/personas", name);
const columns = 14;
const mouth = [...span(ibug.outerLips), ...span(ibug.innerLips)];
const upper = [...span(ibug.brows), ...span(ibug.rightEye), ...span(ibug.leftEye)];

/** Faces of a video: points [68,2] a frame, and the descriptor of the middle frame. */
interface Seen {
  readonly frames: readonly Image[];
  readonly points: readonly Float32Array[];
  readonly identity: Float32Array;
}

export async function run(args: readonly string[]): Promise<Record<string, string | number>> {
  const text = { type: "string" } as const;
  const { values } = parseArgs({ args: [...args], options: { id: text, expr: text, expr2: text, audio: text, audio2: text, model: text, sheet: text } });
  const folder = await mkdtemp(join(tmpdir(), "talkface-swap-"));
  try {
    const other = join(folder, "other");
    if (values.expr2 === undefined || values.audio2 === undefined) await writePersonaClip(other, { seed: 77, act: 5, seconds: 5, size: 256, expression: "happy" }, { force: true });
    const guides = [values.expr ?? shipped("expression.mp4"), values.expr2 ?? `${other}.mp4`] as const;
    const speeches = [values.audio ?? shipped("speech.wav"), values.audio2 ?? `${other}.mp4`] as const;
    const make = async (name: string, guide: string, audio: string): Promise<Seen> => {
      const output = join(folder, `${name}.mp4`);
      await synthesize({
        identity: [values.id ?? shipped("ada")], guide, audio, output, frame: "crop", size: null, crf: 12, seed: 0, articulation: defaultArticulation, face: "largest",
        modelFolder: values.model ?? defaultModelFolder, device: "cpu", preview: false, force: true,
      });
      return look(output);
    };
    const base = await make("base", guides[0], speeches[0]);
    const speech = await make("speech", guides[0], speeches[1]);
    const guide = await make("guide", guides[1], speeches[0]);
    if (values.sheet !== undefined) await writePng(values.sheet, contactSheet([base, speech, guide].flatMap(({ frames }) => spread(frames)), columns));
    const figure = (x: number): string => x.toFixed(3);
    return {
      mouth_by_speech: figure(change(base, speech, mouth)),
      upper_by_speech: figure(change(base, speech, upper)),
      mouth_by_guide: figure(change(base, guide, mouth)),
      upper_by_guide: figure(change(base, guide, upper)),
      identity_speech: figure(cosine(base.identity, speech.identity)),
      identity_guide: figure(cosine(base.identity, guide.identity)),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function look(path: string): Promise<Seen> {
  const analyzer = await createFaceAnalyzer();
  const frames: Image[] = [];
  const points: Float32Array[] = [];
  for await (const frame of readFrames(path)) {
    const mesh = await analyzer.find(frame, "largest");
    if (mesh === null) continue;
    frames.push(frame);
    points.push(to68(mesh.points));
  }
  const middle = frames.length >> 1;
  const identity = await (await createIdentityNet()).embed(frames[middle] as Image, points[middle] as Float32Array);
  return { frames, points, identity };
}

/** Mean distance of the group's points between two videos, each set about its own mean, as a share of the eye distance in per cent. */
function change(a: Seen, b: Seen, group: readonly number[]): number {
  const count = Math.min(a.points.length, b.points.length);
  let sum = 0;
  for (let t = 0; t < count; t++) {
    const [p, q] = [a.points[t] as Float32Array, b.points[t] as Float32Array];
    const mean = (points: Float32Array, axis: number): number => group.reduce((total, i) => total + points[2 * i + axis]!, 0) / group.length;
    const [px, py, qx, qy] = [mean(p, 0), mean(p, 1), mean(q, 0), mean(q, 1)];
    const distance = group.reduce((total, i) => total + Math.hypot(p[2 * i]! - px - q[2 * i]! + qx, p[2 * i + 1]! - py - q[2 * i + 1]! + qy), 0);
    sum += (100 * distance) / group.length / eyeDistance(p);
  }
  return sum / count;
}

function spread(frames: readonly Image[]): Image[] {
  return Array.from({ length: columns }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / columns)] as Image);
}
