/**
 * What each input moves: one identity with one speech and guide, then with the speech swapped, then with the guide swapped. Prints how much lips,
 * eyes and head turn change, and the identity's cosine; `--sheet` writes the frames, a row per variant. Without arguments it takes personas.
 *
 *   npm run bench -- swap [--id PATH] [--expr A.mp4 --expr2 B.mp4] [--audio A.wav --audio2 B.wav] [--model DIR] [--sheet sheet.png]
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { cosine, createIdentityNet } from "../src/face/identity.js";
import { eyeOpening, to68 } from "../src/face/landmarks.js";
import { fitPose } from "../src/face/pose.js";
import { contactSheet, type Image, writePng } from "../src/media/image.js";
import { mouthSeries } from "../src/metrics/lips.js";
import { writePersonaClip } from "../src/media/persona/clips.js";
import { readFrames } from "../src/media/video-reader.js";
import { defaultModelFolder } from "../src/synth/request.js";
import { defaultArticulation, defaultIntensity } from "../src/synth/talking-model.js";
import { synthesize } from "../src/synth/synthesize.js";

const shipped = (name: string): string => join(import.meta.dirname, "../datasets/personas", name);
const columns = 14;

/** Faces of a video: meshes [478,3], and the descriptor of the middle frame. */
interface Seen {
  readonly frames: readonly Image[];
  readonly meshes: readonly Float32Array[];
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
        identity: [values.id ?? shipped("ada")], guide, audio, output, frame: "crop", size: null, crf: 12, seed: 0, articulation: defaultArticulation, intensity: defaultIntensity, face: "largest",
        modelFolder: values.model ?? defaultModelFolder, device: "cpu", preview: false, force: true,
      });
      return look(output);
    };
    const base = await make("base", guides[0], speeches[0]);
    const speech = await make("speech", guides[0], speeches[1]);
    const guide = await make("guide", guides[1], speeches[0]);
    const shortest = Math.min(...[base, speech, guide].map(({ frames }) => frames.length));
    if (values.sheet !== undefined) await writePng(values.sheet, contactSheet([base, speech, guide].flatMap(({ frames }) => spread(frames.slice(0, shortest))), columns));
    const figure = (x: number): string => x.toFixed(3);
    return {
      lips_by_speech: figure(change(base, speech, lips)),
      lips_by_guide: figure(change(base, guide, lips)),
      eyes_by_speech: figure(change(base, speech, eyes)),
      eyes_by_guide: figure(change(base, guide, eyes)),
      yaw_by_speech: figure(change(base, speech, yaw)),
      yaw_by_guide: figure(change(base, guide, yaw)),
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
  const meshes: Float32Array[] = [];
  for await (const frame of readFrames(path)) {
    const mesh = await analyzer.find(frame, "largest");
    if (mesh === null) continue;
    frames.push(frame);
    meshes.push(mesh.points);
  }
  const middle = frames.length >> 1;
  const identity = await (await createIdentityNet()).embed(frames[middle] as Image, to68(meshes[middle] as Float32Array));
  return { frames, meshes, identity };
}

/** Mean absolute difference of a series between two videos, frame by frame. */
function change(a: Seen, b: Seen, series: (seen: Seen) => readonly number[]): number {
  const [x, y] = [series(a), series(b)];
  const count = Math.min(x.length, y.length);
  let sum = 0;
  for (let t = 0; t < count; t++) sum += Math.abs(x[t]! - y[t]!);
  return sum / count;
}

/** Height of the lips without head pose, per cent of the eye distance. */
const lips = ({ meshes }: Seen): number[] => Array.from(mouthSeries(meshes).lips, (x) => 100 * x);
/** Height of the eyes over their width, per cent. */
const eyes = ({ meshes }: Seen): number[] => meshes.map((mesh) => 100 * eyeOpening(to68(mesh)));
/** Head turn in degrees. */
const yaw = ({ meshes }: Seen): number[] => meshes.map((mesh) => (fitPose(mesh).yaw * 180) / Math.PI);

function spread(frames: readonly Image[]): Image[] {
  return Array.from({ length: columns }, (_, i) => frames[Math.floor(((i + 0.5) * frames.length) / columns)] as Image);
}
