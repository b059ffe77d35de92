/** A persona ready to be drawn: shape, movement, geometry and painted skin. */
import { readCanonicalMesh } from "../canonical-mesh.js";
import { addEars, addNeck, addShoulders } from "./body.js";
import { prepareMotion, type FaceMotion } from "./expression.js";
import { shapeFace, type FaceShape } from "./face-shape.js";
import { addHair, coversEars } from "./hair.js";
import { drawIdentity, mix, scale, type Identity } from "./identity.js";
import { material, MeshBuilder, type PersonaMesh } from "./mesh-builder.js";
import { eyes, lowerInnerLip, oval, upperInnerLip } from "./regions.js";
import { beardShare, paintSkin, type SkinTexture } from "./skin.js";
import { makeSkull } from "./skull.js";

export interface Persona {
  readonly identity: Identity;
  readonly shape: FaceShape;
  readonly motion: FaceMotion;
  readonly mesh: PersonaMesh;
  readonly texture: readonly SkinTexture[];
  /** For each vertex behind the face: the outline vertex whose movement it shares, and how much. Flat: vertex, outline vertex, share. */
  readonly trailing: Float32Array;
  /** Centres [2,3] of the eyeballs in head space, cm: the subject's right one first. */
  readonly eyeballs: Float32Array;
}

const rings = 11;

/** Builds the person of a seed. The same seed gives the same picture to the bit on one machine. */
export function createPersona(seed: number, adjust: Partial<Identity> = {}): Persona {
  const canonical = readCanonicalMesh();
  const identity = { ...drawIdentity(seed), ...adjust };
  const shape = shapeFace(canonical, identity);
  const { rest } = shape;
  const builder = new MeshBuilder();
  const lidShare = holeShares();
  for (let i = 0; i < 468; i++) {
    const share = lidShare.get(i);
    builder.vertex({
      position: [rest[3 * i]!, rest[3 * i + 1]!, rest[3 * i + 2]!],
      u: canonical.uvs[2 * i]!,
      v: canonical.uvs[2 * i + 1]!,
      colour: [share ?? 0, 0, 0],
      follow: 1,
    });
  }
  for (let t = 0; t < shape.skin.length; t += 3) builder.triangle(shape.skin[t]!, shape.skin[t + 1]!, shape.skin[t + 2]!, material.face);
  for (let t = 0; t < shape.mouth.length; t += 3) builder.triangle(shape.mouth[t]!, shape.mouth[t + 1]!, shape.mouth[t + 2]!, material.mouth);
  for (const hole of shape.eyes) for (let t = 0; t < hole.length; t += 3) builder.triangle(hole[t]!, hole[t + 1]!, hole[t + 2]!, material.eye);
  const skull = makeSkull(rest);
  const trailing: number[] = [];
  let before: readonly number[] = oval;
  const bare = identity.hairStyle === "bald" ? 0 : 1;
  for (let ring = 1; ring <= rings; ring++) {
    const t = (ring / rings) ** 1.3 * 0.998;
    const row = oval.map((vertex, k) => {
      const position = skull.point(k, t);
      const beard = beardShare(identity, rest, position[0], position[1]) * (1 - Math.min(1, t * 2.2));
      const below = position[1] < -4 ? 1 - 0.25 * Math.min(1, t * 4) : 1;
      const scalp = bare * (k < 7.5 || k > 28.5 ? 1 : 0);
      const colour = mix(mix(scale(identity.skin, below), mix(scale(identity.skin, 0.5), identity.hair, 0.6), 0.85 * beard), identity.hair, 0.8 * scalp);
      const made = builder.vertex({ position, u: 0, v: 0, colour, follow: 1 });
      trailing.push(made, vertex, (1 - t) ** 2);
      return made;
    });
    for (let k = 0; k < 36; k++) {
      const n = (k + 1) % 36;
      builder.triangle(row[k]!, before[k]!, row[n]!, material.skin);
      builder.triangle(row[n]!, before[k]!, before[n]!, material.skin);
    }
    before = row;
  }
  if (!coversEars(identity.hairStyle)) addEars(builder, skull, identity);
  addNeck(builder, identity);
  addShoulders(builder, identity);
  addHair(builder, skull, rest, identity);
  const mesh = builder.build();
  // The outline itself belongs to face and skull: its plain colour serves the skull's first strip.
  for (const i of oval) mesh.colours.set(plainOutline(identity, rest, i), 3 * i);
  return {
    identity,
    shape,
    motion: prepareMotion(shape),
    mesh,
    texture: paintSkin(canonical, rest, identity),
    trailing: Float32Array.from(trailing),
    eyeballs: Float32Array.from(eyes.flatMap((eye) => [0, 1, 2].map((d) => (rest[3 * eye.outerCorner + d]! + rest[3 * eye.innerCorner + d]!) / 2 - (d === 2 ? 0.75 : 0)))),
  };
}

function plainOutline(identity: Identity, rest: Float32Array, i: number): readonly number[] {
  const beard = beardShare(identity, rest, rest[3 * i]!, rest[3 * i + 1]!);
  const plain = mix(identity.skin, mix(scale(identity.skin, 0.5), identity.hair, 0.6), 0.85 * beard);
  return identity.hairStyle !== "bald" && rest[3 * i + 1]! > 3 ? mix(plain, identity.hair, 0.8) : plain;
}

/** 1 at upper lids and upper lip, 0 at lower ones, half at the corners: carried in the first colour of those vertices. */
function holeShares(): Map<number, number> {
  const shares = new Map<number, number>();
  for (const eye of eyes) {
    for (const i of eye.upper) shares.set(i, 1);
    for (const i of eye.lower) shares.set(i, 0);
    for (const i of [eye.outerCorner, eye.innerCorner]) shares.set(i, 0.6);
  }
  for (const i of upperInnerLip) shares.set(i, 1);
  for (const i of lowerInnerLip) shares.set(i, 0);
  for (const i of [78, 308]) shares.set(i, 0.5);
  return shares;
}
