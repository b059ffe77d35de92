import { describe, expect, test } from "vitest";
import { ibug, modelPointCount, upperFace } from "../../src/base/points.js";
import { Random } from "../../src/base/random.js";
import { dataContract } from "../../src/base/contract.js";
import type { FaceFrame } from "../../src/features/face-frame.js";
import { type RigidPose, rotationOf } from "../../src/features/rigid-pose.js";
import { levelOf, melWindow } from "../../src/features/speech.js";
import { readAudio } from "../../src/media/audio.js";
import { logMel } from "../../src/media/spectrogram.js";
import { encodeWav } from "../../src/media/wav.js";
import { blinkAmounts, stillMotion } from "../../src/synth/blinks.js";
import { nearestFilled } from "../../src/synth/guide.js";
import { backAndForth, guideMotion, viewReach } from "../../src/synth/guide-motion.js";
import type { Expression } from "../../src/synth/talking-model.js";
import { measureSpeech, speechWindows } from "../../src/synth/speech-stream.js";
import { StageClock } from "../../src/synth/timings.js";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const face: FaceFrame = {
  points: Float32Array.from({ length: modelPointCount * 3 }, (_, i) => ((i * 37) % 101) / 2),
  pose: { rotation: rotationOf(0.1, 0, 0), scale: 5, translation: [64, 60] },
  depth: 0,
};

describe("a face without a guide", () => {
  test("blinks a few times a minute, the same for the same seed", () => {
    const amounts = blinkAmounts(1500, new Random(3), 25);
    const starts = [...amounts].filter((value, t) => value > 0 && (t === 0 || amounts[t - 1] === 0)).length;
    expect(starts).toBeGreaterThan(9);
    expect(starts).toBeLessThan(32);
    expect(amounts).toEqual(blinkAmounts(1500, new Random(3), 25));
    expect(amounts).not.toEqual(blinkAmounts(1500, new Random(4), 25));
    expect(amounts[0]).toBe(0);
    expect(amounts[1499]).toBe(0);
  });

  test("moves only the lids, until they meet", () => {
    const expression = { code: new Float32Array([1, 2]), displacement: new Float32Array(2 * modelPointCount) };
    const motion = stillMotion(face, expression, new Random(1), 25);
    const amounts = blinkAmounts(motion.length, new Random(1), 25);
    const shut = amounts.indexOf(1);
    const moved = motion.upperFace(shut);
    const after = (point: number, axis: number): number => face.points[3 * point + axis]! + moved[2 * upperFace.indexOf(point) + axis]! * face.pose.scale;
    for (const [upper, lower] of [[37, 41], [38, 40], [43, 47], [44, 46]] as const) {
      for (const axis of [0, 1]) expect(after(upper, axis)).toBeCloseTo(after(lower, axis), 3);
    }
    upperFace.forEach((point, i) => {
      if (![37, 38, 40, 41, 43, 44, 46, 47].includes(point)) expect([moved[2 * i], moved[2 * i + 1]]).toEqual([0, 0]);
    });
    expect(motion.upperFace(0).every((value) => value === 0)).toBe(true);
    expect(motion.pose(shut)).toBe(face.pose);
    expect(motion.expression(7)).toBe(expression);
  });
});

describe("a guide", () => {
  test("lends its mouth's expression as it comes and goes, and its brows' for good", () => {
    const expression = (lift: number): Expression => ({ code: new Float32Array([lift]), displacement: new Float32Array(2 * modelPointCount).fill(lift) });
    const frames = 101;
    const expressions = Array.from({ length: 21 }, (_, i) => expression(i < 11 ? 0 : 1)); // of every fifth frame: a smile begins in the middle
    const motion = guideMotion(Array.from({ length: frames }, () => face), expressions);
    const at = (t: number, point: number): number => motion.expression(t).displacement[2 * point]!;
    const corner = ibug.outerLips[0];
    expect([at(0, corner), at(100, corner)]).toEqual([0, 1]);
    expect(at(52, corner)).toBeCloseTo(0.5, 0);
    for (const t of [0, 50, 100]) for (const point of upperFace) expect(at(t, point)).toBeCloseTo(10 / 21, 5);
    expect(motion.expression(0).code[0]).toBe(0);
  });

  test("turns the head as far as the views show it, and a little further", () => {
    const pose = (yaw: number, pitch: number): RigidPose => ({ rotation: rotationOf(yaw, pitch, 0), scale: 5, translation: [64, 64] });
    const alone = viewReach([pose(0.1, 0)]);
    expect(alone.yaw[0]).toBeCloseTo(alone.yaw[1]);
    const two = viewReach([pose(0.1, 0), pose(0.3, -0.1)]);
    expect(two.yaw[1] - alone.yaw[1]).toBeCloseTo(0.2);
    expect(two.yaw[0]).toBeCloseTo(alone.yaw[0]);
    expect(two.pitch[0] - alone.pitch[0]).toBeCloseTo(0.1);
    expect(viewReach([pose(0, 0), pose(1.2, 0)]).yaw[1]).toBe(0.5);
  });

  test("shorter than the speech is played forth and back", () => {
    expect(Array.from({ length: 9 }, (_, t) => backAndForth(t, 4))).toEqual([0, 1, 2, 3, 2, 1, 0, 1, 2]);
    expect(backAndForth(5, 1)).toBe(0);
  });

  test("gaps take the nearest frame", () => {
    expect(nearestFilled([null, "a", null, null, null, "b"])).toEqual(["a", "a", "a", "a", "b", "b"]);
  });
});

describe("speech windows", () => {
  test.each([[3, 2, 2.03], [10, 10, 0.7], [25, 10, 3.3]])("of %i frames with %i around them are those of the whole sound (%f s)", async (frames, context, seconds) => {
    const folder = await mkdtemp(join(tmpdir(), "talkface-speech-"));
    try {
      const random = new Random(5);
      const path = join(folder, "a.wav");
      const sound = Float32Array.from({ length: Math.round(seconds * 16000) }, (_, i) => Math.round(8000 * Math.sin(i * i * 1e-5) + 300 * random.normal()) / 32768);
      await writeFile(path, encodeWav(sound, 16000));
      const contract = dataContract(64);
      const clock = new StageClock();
      const facts = await measureSpeech(path, contract, clock);
      const mel = logMel(await readAudio(path), contract.mel, 16000); // 16 bits of it
      expect(facts.samples).toBe(sound.length);
      expect(facts.frames).toBe(Math.round(seconds * 25));
      expect(facts.level.loudness).toBeCloseTo(levelOf(mel, contract.mel.bands).loudness, 6);
      const reference = facts.level.reference;
      let expectedStart = 0;
      for await (const window of speechWindows(path, { contract, reference, total: facts.frames, frames, context }, clock)) {
        expect(window.start).toBe(expectedStart);
        const whole = new Float32Array(window.mel.length);
        melWindow(mel, { settings: contract.mel, reference, start: window.start, frames, context }, whole);
        expect(Math.max(...window.mel.map((value, i) => Math.abs(value - whole[i]!)))).toBeLessThan(1e-3);
        expectedStart += frames;
      }
      expect(expectedStart).toBeGreaterThanOrEqual(facts.frames);
      expect(expectedStart - frames).toBeLessThan(facts.frames);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test("silence is known as such", async () => {
    const folder = await mkdtemp(join(tmpdir(), "talkface-speech-"));
    try {
      const path = join(folder, "a.wav");
      await writeFile(path, encodeWav(new Float32Array(16000), 16000));
      expect((await measureSpeech(path, dataContract(64), new StageClock())).level.isSilent).toBe(true);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

test("stages do not overlap in the clock", async () => {
  const clock = new StageClock();
  const spin = (milliseconds: number): void => {
    const end = performance.now() + milliseconds;
    while (performance.now() < end);
  };
  clock.enter("face");
  await clock.during("decode", () => spin(30));
  spin(20);
  const { seconds, totalSeconds, frames, peakMegabytes } = clock.report(5);
  expect(seconds.decode).toBeGreaterThanOrEqual(0.029);
  expect(seconds.face).toBeGreaterThanOrEqual(0.019);
  expect(seconds.decode + seconds.face).toBeLessThanOrEqual(totalSeconds + 1e-3);
  expect(frames).toBe(5);
  expect(peakMegabytes).toBeGreaterThan(20);
});
