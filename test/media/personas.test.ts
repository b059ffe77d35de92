import { existsSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { Random } from "../../src/base/random.js";
import { readAudio } from "../../src/media/audio.js";
import { readImage } from "../../src/media/image.js";
import { planClips, syntheticTag, writePersonaClip, writeShippedInputs } from "../../src/media/persona/clips.js";
import { neutralState, type FaceState } from "../../src/media/persona/face-state.js";
import { drawIdentity } from "../../src/media/persona/identity.js";
import { createPersona } from "../../src/media/persona/model.js";
import { createArticulation, expressions, performance as act } from "../../src/media/persona/performance.js";
import { renderPersona, type Rendering } from "../../src/media/persona/render.js";
import { phonemeSymbols, randomUtterance, speak, type Phoneme } from "../../src/media/persona/voice.js";
import { probe } from "../../src/media/probe.js";
import { readFrames } from "../../src/media/video-reader.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("personas");
afterAll(folder.remove);
const persona = createPersona(18);
const draw = (change: Partial<FaceState>, size = 128): Rendering => renderPersona(persona, { ...neutralState, ...change }, size);
const point = (drawn: Rendering, i: number): [number, number, number] => [drawn.mesh[3 * i]!, drawn.mesh[3 * i + 1]!, drawn.mesh[3 * i + 2]!];
const gap = (drawn: Rendering, upper: number, lower: number): number => point(drawn, lower)[1] - point(drawn, upper)[1];
const changed = (a: Rendering, b: Rendering): number => a.image.data.reduce((sum, value, i) => sum + Math.abs(value - b.image.data[i]!), 0) / a.image.data.length;

describe("a persona", () => {
  it("is the same for the same seed and another for another", () => {
    const again = renderPersona(createPersona(18), neutralState, 128);
    expect(again.image.data).toEqual(draw({}).image.data);
    expect(again.mesh).toEqual(draw({}).mesh);
    expect(changed(draw({}), renderPersona(createPersona(19), neutralState, 128))).toBeGreaterThan(10);
    expect(drawIdentity(5)).toEqual(drawIdentity(5));
  });

  it("has landmarks that move as the state says", () => {
    const rest = draw({});
    expect(gap(rest, 13, 14)).toBeCloseTo(0, 1);
    expect(gap(draw({ mouthOpen: 1 }), 13, 14)).toBeGreaterThan(5);
    expect(gap(draw({ mouthOpen: 0.5 }), 13, 14)).toBeLessThan(gap(draw({ mouthOpen: 1 }), 13, 14));
    expect(gap(draw({ mouthOpen: 0.2, mouthPress: 1 }), 13, 14)).toBeLessThan(gap(draw({ mouthOpen: 0.2 }), 13, 14));
    const width = (drawn: Rendering): number => point(drawn, 291)[0] - point(drawn, 61)[0];
    expect(width(draw({ mouthWide: 1 }))).toBeGreaterThan(width(rest) + 2);
    expect(width(draw({ mouthRound: 1 }))).toBeLessThan(width(rest) - 3);
    expect(gap(rest, 159, 145)).toBeGreaterThan(2);
    expect(gap(draw({ blink: 1 }), 159, 145)).toBeCloseTo(0, 1);
    expect(point(draw({ smile: 1 }), 61)[1]).toBeLessThan(point(rest, 61)[1] - 1);
    expect(point(draw({ frown: 1 }), 61)[1]).toBeGreaterThan(point(rest, 61)[1] + 0.7);
    expect(point(draw({ browRaise: 1 }), 105)[1]).toBeLessThan(point(rest, 105)[1] - 1);
    expect(point(draw({ browFurrow: 1 }), 55)[1]).toBeGreaterThan(point(rest, 55)[1] + 0.7);
    // Turns: the nose goes to the picture's right, up, and the head tilts counter-clockwise.
    expect(point(draw({ yaw: 0.3 }), 1)[0]).toBeGreaterThan(point(rest, 1)[0] + 5);
    expect(point(draw({ pitch: 0.2 }), 1)[1]).toBeLessThan(point(rest, 1)[1] - 3);
    expect(point(draw({ roll: 0.2 }), 10)[0]).toBeLessThan(point(rest, 10)[0] - 3);
    expect(point(rest, 1)[2]).toBeLessThan(point(rest, 234)[2]); // the nose is nearest
    expect(point(draw({ shift: [2, 0, 0] }), 1)[0]).toBeGreaterThan(point(rest, 1)[0] + 5);
  });

  it("shows what the landmarks say, at any size", () => {
    // The iris moves with the gaze, and nothing else does.
    const aside = draw({ gazeX: 1 }, 256);
    const ahead = draw({}, 256);
    const [x, y] = point(ahead, 1);
    expect(changed(ahead, aside)).toBeGreaterThan(0.02);
    const at = (Math.round(y) * 256 + Math.round(x)) * 3;
    expect(aside.image.data[at]).toBe(ahead.image.data[at]);
    // The open mouth is dark where the landmarks put it.
    const open = draw({ mouthOpen: 1 }, 256);
    const mouth = point(open, 14);
    const dark = (Math.round(mouth[1] - 5) * 256 + Math.round(mouth[0])) * 3;
    expect(open.image.data[dark]!).toBeLessThan(110);
    const small = draw({ yaw: 0.2 }, 64);
    const large = draw({ yaw: 0.2 }, 256);
    for (let i = 0; i < 468; i += 17) expect(4 * point(small, i)[0]).toBeCloseTo(point(large, i)[0], 2);
    expect(() => draw({}, 7)).toThrow(/16 to 2048/);
  });
});

describe("the voice", () => {
  it("speaks each sound for its time, as loud as it should", () => {
    const sequence: Phoneme[] = [
      { symbol: "sil", seconds: 0.2 },
      { symbol: "a", seconds: 0.3 },
      { symbol: "s", seconds: 0.2 },
      { symbol: "sil", seconds: 0.3 },
    ];
    const sound = speak(sequence, { random: new Random(1) });
    expect(sound.length).toBe(16000);
    const part = (from: number, to: number): Float32Array => sound.subarray(from * 16000, to * 16000);
    const level = (samples: Float32Array): number => Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);
    const crossings = (samples: Float32Array): number => samples.reduce((n, v, i) => n + (i > 0 && v * samples[i - 1]! < 0 ? 1 : 0), 0) / samples.length;
    expect(level(part(0, 0.19))).toBeLessThan(0.01);
    expect(level(part(0.25, 0.48))).toBeGreaterThan(0.05);
    expect(level(part(0.85, 1))).toBeLessThan(0.01);
    expect(crossings(part(0.55, 0.68))).toBeGreaterThan(3 * crossings(part(0.3, 0.48)));
    expect(Math.max(...sound.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(phonemeSymbols.length).toBeGreaterThanOrEqual(12);
    expect(() => speak([{ symbol: "a", seconds: 0 }], { random: new Random(1) })).toThrow(/phoneme a/);
  });

  it("babbles for exactly the time asked for", () => {
    for (const seconds of [0.3, 1, 4.2, 10]) {
      const sum = randomUtterance(new Random(seconds), seconds).reduce((total, phoneme) => total + phoneme.seconds, 0);
      expect(sum).toBeCloseTo(seconds, 6);
    }
  });
});

describe("an act", () => {
  it("closes the mouth for closures and opens it for vowels", () => {
    const mouth = createArticulation([
      { symbol: "a", seconds: 0.2 },
      { symbol: "m", seconds: 0.08 },
      { symbol: "a", seconds: 0.2 },
      { symbol: "u", seconds: 0.2 },
    ]);
    expect(mouth(0.1).mouthOpen).toBeGreaterThan(0.5);
    expect(mouth(0.24).mouthOpen).toBeLessThan(0.15);
    expect(mouth(0.58).mouthRound).toBeGreaterThan(0.7);
    // Rounding starts before its vowel does.
    expect(mouth(0.46).mouthRound).toBeGreaterThan(mouth(0.38).mouthRound + 0.03);
  });

  it("has a state for each frame, sound as long, and no jumps", () => {
    for (const expression of expressions) {
      const { states, speech } = act(3, 3, expression);
      expect(states.length).toBe(75);
      expect(speech.length).toBe(75 * 640);
      for (let t = 1; t < states.length; t++) {
        expect(Math.abs(states[t]!.mouthOpen - states[t - 1]!.mouthOpen)).toBeLessThan(0.45);
        expect(Math.abs(states[t]!.yaw - states[t - 1]!.yaw)).toBeLessThan(0.06);
        expect(Math.abs(states[t]!.smile - states[t - 1]!.smile)).toBeLessThan(0.25);
      }
    }
    expect(act(3, 2, "happy")).toEqual(act(3, 2, "happy"));
    expect(Math.max(...act(3, 9, "neutral").states.map((state) => state.blink))).toBeGreaterThan(0.9);
    expect(act(3, 2, "happy").states.some((state) => state.smile > 0.4)).toBe(true);
  });
});

describe("persona files", () => {
  it("hold video, sound and truth, and are not made twice", async () => {
    const [clip] = planClips(1, 5, 0.6, 64, expressions);
    const path = folder.path("persona-001");
    expect(await writePersonaClip(path, clip!, { force: false })).toBe(true);
    const info = await probe(`${path}.mp4`);
    expect(info.video).toMatchObject({ codec: "h264", width: 64, fps: 25 });
    let count = 0;
    for await (const frame of readFrames(`${path}.mp4`)) count += frame.width / 64;
    expect(count).toBe(15);
    expect(Math.abs((await readAudio(`${path}.mp4`)).length - 9600)).toBeLessThan(640);
    const facts = JSON.parse(readFileSync(`${path}.json`, "utf8")) as { mesh: number[][]; phonemes: { start: number; end: number }[]; frames: number };
    expect(facts.frames).toBe(15);
    expect(facts.mesh.length).toBe(15);
    expect(facts.mesh[0]!.length).toBe(468 * 3);
    expect(facts.phonemes.at(-1)!.end).toBeCloseTo(0.6, 3);
    expect(await writePersonaClip(path, clip!, { force: false })).toBe(false);
    await expect(writePersonaClip(path, { ...clip!, act: 1 }, { force: false })).rejects.toMatchObject({ code: "exists" });
    expect(syntheticTag).toContain("synthetic");
  });

  it("that ship can be made again, and stay small", async () => {
    const shipped = fileURLToPath(new URL("../../datasets/personas/", import.meta.url));
    const made = await writeShippedInputs(folder.path("shipped"), false);
    let bytes = statSync(`${shipped}speech.wav`).size;
    for (const path of made) {
      const name = path.slice(folder.path("shipped").length + 1);
      expect(existsSync(`${shipped}${name}`), name).toBe(true);
      bytes += statSync(`${shipped}${name}`).size;
      if (!name.endsWith(".jpg")) continue;
      const [fresh, kept] = [await readImage(path), await readImage(`${shipped}${name}`)];
      const difference = fresh.data.reduce((sum, value, i) => sum + Math.abs(value - kept.data[i]!), 0) / fresh.data.length;
      expect(difference, name).toBeLessThan(1); // another machine may round differently
    }
    expect(bytes).toBeLessThan(3_000_000);
    expect((await probe(`${shipped}expression.mp4`)).durationSeconds).toBeCloseTo(6, 1);
    const speech = await readAudio(`${shipped}speech.wav`);
    expect(speech.length / 16000).toBeGreaterThan(5);
    await expect(writeShippedInputs(folder.path("shipped"), false)).rejects.toMatchObject({ code: "exists" });
  });
});
