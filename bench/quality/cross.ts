/** One person's pictures moved by another one: does the face keep its identity and take the guide's expression? */
import type { ExpressionNet } from "../../src/face/expression.js";
import { cosine, type IdentityNet } from "../../src/face/identity.js";
import { to68 } from "../../src/face/landmarks.js";
import type { Image } from "../../src/media/image.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import type { FaceCrop } from "./drive.js";
import { scoreMouth, type SeenFrames } from "./score.js";

export const crossProtocol =
  "cross-driven: pictures of the first of the foreign people, head, upper face and speech of the clip; lips, eyes and brows against the clip; id: cosine of 12 made frames with each identity picture, id_real: of 12 other real frames of that person's clip, id_other: of 12 frames of the clip; expression: cosine of face-api's seven probabilities, 12 made frames against the guide's at the same instant, by chance against the guide's half a clip later";

export interface CrossScores {
  readonly targetOf: string;
  readonly lips: number;
  readonly eyes: number;
  readonly brows: number;
  /** Null where no face was found. */
  readonly id: number | null;
  readonly idReal: number | null;
  readonly idOther: number | null;
  readonly expression: number | null;
  readonly expressionChance: number | null;
}

export interface CrossInput {
  readonly targetOf: string;
  readonly views: readonly FaceCrop[];
  /** Frames of the target's clip that are not among the views. */
  readonly target: readonly FaceCrop[];
  readonly real: SeenFrames;
  readonly made: SeenFrames;
}

const sampled = 12;

export async function scoreCross({ targetOf, views, target, real, made }: CrossInput, nets: { readonly identity: IdentityNet; readonly expression: ExpressionNet }): Promise<CrossScores> {
  const { lips, eyes, brows } = scoreMouth(real, made, new Set());
  const known = await embedAll(views, nets.identity);
  const likeness = async (faces: readonly FaceCrop[]): Promise<number | null> => {
    const vectors = await embedAll(thin(faces), nets.identity);
    return mean(vectors.flatMap((vector) => known.map((view) => cosine(vector, view))));
  };
  return {
    targetOf, lips, eyes, brows,
    id: await likeness(facesOf(made)),
    idReal: await likeness(target),
    idOther: await likeness(facesOf(real)),
    ...(await expressionAgreement(real, made, nets.expression)),
  };
}

async function expressionAgreement(real: SeenFrames, made: SeenFrames, net: ExpressionNet): Promise<{ expression: number | null; expressionChance: number | null }> {
  const count = real.images.length;
  const places = thin(real.images.map((_, t) => t).filter((t) => real.meshes[t] && made.meshes[t] && real.meshes[(t + (count >> 1)) % count]));
  const classify = (frames: SeenFrames, t: number): Promise<Float32Array> => net.classify(frames.images[t] as Image, to68(frames.meshes[t] as Float32Array));
  const [same, later]: [number[], number[]] = [[], []];
  for (const t of places) {
    const own = await classify(made, t);
    same.push(cosine(own, await classify(real, t)));
    later.push(cosine(own, await classify(real, (t + (count >> 1)) % count)));
  }
  return { expression: mean(same), expressionChance: mean(later) };
}

async function embedAll(faces: readonly FaceCrop[], net: IdentityNet): Promise<Float32Array[]> {
  const vectors: Float32Array[] = [];
  for (const { image, mesh } of faces) vectors.push(await net.embed(image, to68(mesh)));
  return vectors;
}

function facesOf({ images, meshes }: SeenFrames): FaceCrop[] {
  return images.flatMap((image, t) => (meshes[t] ? [{ image, mesh: meshes[t] }] : []));
}

function thin<T>(list: readonly T[]): T[] {
  return list.length <= sampled ? [...list] : Array.from({ length: sampled }, (_, i) => list[Math.floor((i * list.length) / sampled)] as T);
}

const mean = (values: readonly number[]): number | null => (values.length === 0 ? null : meanOf(values));
