import { describe, expect, it } from "vitest";
import { defaultMel } from "../../src/base/contract.js";
import { Random } from "../../src/base/random.js";
import { mfcc } from "../../src/media/mfcc.js";
import { createLogMelStream, logMel } from "../../src/media/spectrogram.js";

function noisySound(count: number): Float32Array {
  const random = new Random(7);
  return Float32Array.from({ length: count }, (_, i) => 0.3 * Math.sin(i * 0.2) + 0.05 * random.normal());
}

/** One log-mel value from the definitions alone: a plain DFT and librosa's filter formula. */
function directLogMel(samples: Float32Array, column: number, band: number): number {
  const { windowSamples, hopSamples, fftSize, bands, lowHz, highHz } = defaultMel;
  const first = column * hopSamples + hopSamples / 2 - windowSamples / 2;
  const mel = (hz: number): number => (hz >= 1000 ? 15 + Math.log(hz / 1000) / (Math.log(6.4) / 27) : hz / (200 / 3));
  const hertz = (m: number): number => (m >= 15 ? 1000 * Math.exp((Math.log(6.4) / 27) * (m - 15)) : (200 / 3) * m);
  const edge = (i: number): number => hertz(mel(lowHz) + ((mel(highHz) - mel(lowHz)) * i) / (bands + 1));
  let sum = 0;
  for (let k = 0; k <= fftSize / 2; k++) {
    let [re, im] = [0, 0];
    for (let n = 0; n < windowSamples; n++) {
      const hann = 0.5 * (1 - Math.cos((2 * Math.PI * n) / windowSamples));
      const value = (samples[first + n] ?? 0) * hann;
      re += value * Math.cos((2 * Math.PI * k * n) / fftSize);
      im -= value * Math.sin((2 * Math.PI * k * n) / fftSize);
    }
    const hz = (k * 16000) / fftSize;
    const rising = (hz - edge(band)) / (edge(band + 1) - edge(band));
    const falling = (edge(band + 2) - hz) / (edge(band + 2) - edge(band + 1));
    sum += Math.hypot(re, im) * Math.max(0, Math.min(rising, falling)) * (2 / (edge(band + 2) - edge(band)));
  }
  return Math.log(Math.max(1e-5, sum));
}

describe("logMel", () => {
  it("agrees with a plain DFT", () => {
    const samples = noisySound(3200);
    const mel = logMel(samples, defaultMel, 16000);
    expect(mel.length).toBe(20 * 80);
    for (const column of [0, 1, 9, 18, 19]) {
      for (const band of [0, 7, 25, 50, 79]) {
        expect(mel[column * 80 + band]).toBeCloseTo(directLogMel(samples, column, band), 5);
      }
    }
  });

  it("gives identical numbers block by block", () => {
    const samples = noisySound(5000);
    const whole = logMel(samples, defaultMel, 16000);
    for (const size of [1, 97, 640, 4999]) {
      const stream = createLogMelStream(defaultMel, 16000);
      const parts: number[] = [];
      for (let at = 0; at < samples.length; at += size) parts.push(...stream.push(samples.subarray(at, at + size)));
      parts.push(...stream.finish());
      expect(Float32Array.from(parts)).toEqual(whole);
    }
  });

  it("has one column for each started hop, four a video frame", () => {
    expect(logMel(new Float32Array(640 * 5), defaultMel, 16000).length).toBe(5 * 4 * 80);
    expect(logMel(new Float32Array(161), defaultMel, 16000).length).toBe(2 * 80);
    expect(logMel(new Float32Array(0), defaultMel, 16000).length).toBe(0);
    expect(logMel(new Float32Array(160), defaultMel, 16000)[3]).toBeCloseTo(Math.log(1e-5), 5);
  });

  it("refuses settings that do not fit", () => {
    expect(() => logMel(new Float32Array(9), { ...defaultMel, fftSize: 500 }, 16000)).toThrow(/power of two/);
    expect(() => logMel(new Float32Array(9), defaultMel, 8000)).toThrow(/does not fit/);
  });
});

describe("mfcc", () => {
  // Vector made by running the source of python_speech_features itself.
  const samples = Array.from({ length: 6400 }, (_, n) => Math.round(8000 * Math.sin((2 * Math.PI * 440 * n) / 16000) + 2000 * Math.sin((2 * Math.PI * 1230 * n) / 16000 + 0.5)));

  it("equals python_speech_features", () => {
    const rows = mfcc(samples);
    expect(rows.length).toBe(39 * 13);
    expect(rows.reduce((sum, value) => sum + value, 0)).toBeCloseTo(24.29405, 2);
    const golden: Record<number, number[]> = {
      0: [19.430631, 22.357928, -13.805714, -19.14057, -15.550803, -8.378210, -25.64605, -37.480762, -21.048828, 18.89464, 40.549249, 26.481736, -1.868647],
      10: [19.438202, 18.510065, -9.387388, -21.053776, -12.786816, -9.228962, -24.298219, -37.885275, -19.990865, 19.124889, 41.60874, 26.851656, -1.382382],
      38: [19.210426, 20.402988, -7.634357, -18.81236, -9.879422, -6.517531, -22.189260, -36.030424, -18.588967, 19.288946, 40.075755, 24.523056, -3.50705],
    };
    for (const [row, values] of Object.entries(golden)) {
      values.forEach((value, i) => expect(rows[Number(row) * 13 + i]).toBeCloseTo(value, 3));
    }
  });

  it("survives silence and short sound", () => {
    const rows = mfcc(new Float32Array(100));
    expect(rows.length).toBe(13);
    expect(rows.every((value) => Number.isFinite(value))).toBe(true);
  });
});
