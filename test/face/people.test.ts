/** Identity and expression, on personas and, where TALKFACE_MEDIA points at the development media, on photographs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createFaceAnalyzer, type FaceAnalyzer } from "../../src/face/analyzer.js";
import { createExpressionNet, expressionNames, type ExpressionNet } from "../../src/face/expression.js";
import { cosine, createIdentityNet, type IdentityNet } from "../../src/face/identity.js";
import { identityMean } from "../../src/face/identity-mean.js";
import { to68 } from "../../src/face/landmarks.js";
import { readImage, type Image } from "../../src/media/image.js";
import { neutralState, type FaceState } from "../../src/media/persona/face-state.js";
import { createPersona } from "../../src/media/persona/model.js";
import { renderPersona } from "../../src/media/persona/render.js";

const portraits = join(process.env["TALKFACE_MEDIA"] ?? "", "portraits");
const haveMedia = process.env["TALKFACE_MEDIA"] !== undefined && existsSync(portraits);

let analyzer: FaceAnalyzer;
let identity: IdentityNet;
let expression: ExpressionNet;
beforeAll(async () => {
  [analyzer, identity, expression] = [await createFaceAnalyzer(), await createIdentityNet(), await createExpressionNet()];
});

async function landmarks(image: Image): Promise<Float32Array> {
  const mesh = await analyzer.find(image, "largest");
  expect(mesh).not.toBeNull();
  return to68(mesh!.points);
}

const embed = async (image: Image): Promise<Float32Array> => identity.embed(image, await landmarks(image));
const someone = createPersona(2);
const persona = (state: Partial<FaceState> = {}): Image => renderPersona(someone, { ...neutralState, ...state }, 256).image;

describe("identity", () => {
  it("is a unit vector, the same each time, and its mean belongs to unit vectors", async () => {
    const [one, again] = [await embed(persona()), await embed(persona())];
    expect(one.length).toBe(128);
    expect(cosine(one, one)).toBeCloseTo(1, 6);
    expect(Math.hypot(...one)).toBeCloseTo(1, 5);
    expect(again).toEqual(one);
    expect(identityMean.length).toBe(128);
    expect(Math.hypot(...identityMean)).toBeLessThan(1);
  });

  it("stays with a persona through pose and expression", async () => {
    const rest = await embed(persona());
    for (const state of [{ roll: 0.25 }, { yaw: 0.2 }, { smile: 1 }]) expect(cosine(rest, await embed(persona(state)))).toBeGreaterThan(0.6);
  });

  it.skipIf(!haveMedia)("tells people apart (photographs; skipped without TALKFACE_MEDIA)", async () => {
    const people = ["amy", "bernadette", "howard", "leonard", "penny", "raj"];
    const vectors = await Promise.all(
      people.flatMap((name) => [1, 2, 3].map(async (i) => ({ name, vector: await embed(await readImage(join(portraits, `face-api.js__${name}${i}.png`))) }))),
    );
    const same: number[] = [];
    const different: number[] = [];
    vectors.forEach((a, i) => vectors.slice(0, i).forEach((b) => (a.name === b.name ? same : different).push(cosine(a.vector, b.vector))));
    expect(Math.min(...same)).toBeGreaterThan(Math.max(...different) - 0.1);
    expect(mean(same)).toBeGreaterThan(0.6);
    expect(Math.abs(mean(different))).toBeLessThan(0.25);
  });
});

describe("expression", () => {
  it("is a distribution over seven names", async () => {
    const image = persona();
    const shares = await expression.classify(image, await landmarks(image));
    expect(shares.length).toBe(expressionNames.length);
    expect(shares.reduce((a, b) => a + b)).toBeCloseTo(1, 5);
  });

  it.skipIf(!haveMedia).each(["angry", "fearful", "neutral", "sad", "disgusted"])("reads the %s photograph (skipped without TALKFACE_MEDIA)", async (name) => {
    const image = await readImage(join(portraits, `face-api.js__${name}.jpg`));
    const shares = await expression.classify(image, await landmarks(image));
    expect(expressionNames[shares.indexOf(Math.max(...shares))]).toBe(name);
  });

  it("refuses points outside the picture", async () => {
    await expect(expression.classify(persona(), new Float32Array(136).map((_, i) => -50 - i))).rejects.toThrow(/outside the picture/);
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0) / values.length;
}
