/** One person's pictures moved by another one: does the face keep its identity and take the guide's expression? */
import type { ExpressionNet } from "../../src/face/expression.js";
import { cosine, type IdentityNet } from "../../src/face/identity.js";
import { to68 } from "../../src/face/landmarks.js";
import { meanOf } from "../../src/metrics/bootstrap.js";
import { expressionAgreement, expressionOf, expressionProtocol } from "../../src/metrics/expression.js";
import type { FaceCrop } from "./drive.js";
import { scoreMouth, type SeenFrames } from "./score.js";

export const crossProtocol =
  `cross-driven: pictures of the first of the foreign people, head, upper face and speech of the clip; lips, eyes and brows against the clip; id: cosine of 12 made frames with each identity picture, id_real: of 12 other real frames of that person's clip, id_other: of 12 frames of the clip; expression: cosine of the probabilities of ${expressionProtocol}, 12 made frames against the guide's at the same instant, by chance against those of a third person, of whom 12 frames are spread over a clip`;

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
  /** Null too where there is no third person. */
  readonly expressionChance: number | null;
}

export interface CrossInput {
  readonly targetOf: string;
  readonly views: readonly FaceCrop[];
  /** Frames of the target's clip that are not among the views. */
  readonly target: readonly FaceCrop[];
  /** Somebody who is neither the guide nor the target; empty where there is nobody. */
  readonly third: readonly FaceCrop[];
  readonly real: SeenFrames;
  readonly made: SeenFrames;
}

const sampled = 12;

export async function scoreCross({ targetOf, views, target, third, real, made }: CrossInput, nets: { readonly identity: IdentityNet; readonly expression: ExpressionNet }): Promise<CrossScores> {
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
    ...(await expressions(real, made, third, nets.expression)),
  };
}

async function expressions(real: SeenFrames, made: SeenFrames, third: readonly FaceCrop[], net: ExpressionNet): Promise<{ expression: number | null; expressionChance: number | null }> {
  const [same, chance]: [number[], number[]] = [[], []];
  const strangers = thin(third);
  const places = thin(real.images.map((_, t) => t).filter((t) => real.meshes[t] && made.meshes[t]));
  for (const [i, t] of places.entries()) {
    const seen = ({ images, meshes }: SeenFrames): Promise<Float32Array | null> => expressionOf(net, { image: images[t]!, mesh: meshes[t] ?? null });
    const [own, guide] = [await seen(made), await seen(real)];
    const stranger = strangers.length === 0 ? null : await expressionOf(net, strangers[i % strangers.length]!);
    if (own !== null && guide !== null) same.push(expressionAgreement(own, guide));
    if (own !== null && stranger !== null) chance.push(expressionAgreement(own, stranger));
  }
  return { expression: mean(same), expressionChance: mean(chance) };
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
