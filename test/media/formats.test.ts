/** WAV files of our own, where ffmpeg is found, and what different ffmpeg versions print. */
import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { locateFfmpeg } from "../../src/media/ffmpeg.js";
import { parseInfo } from "../../src/media/probe.js";
import { decodeWav, encodeWav } from "../../src/media/wav.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("formats");
afterAll(folder.remove);
afterEach(() => void vi.unstubAllEnvs());

describe("WAV", () => {
  it("keeps samples to 16 bits and clips louder ones", () => {
    const samples = Float32Array.from([0, 0.5, -0.5, 1, -1, 2, -3, 0.123]);
    const back = decodeWav(encodeWav(samples, 16000), "memory");
    expect(back.sampleRateHz).toBe(16000);
    back.samples.forEach((value, i) => expect(value).toBeCloseTo(Math.max(-1, Math.min(1, samples[i]!)), 4));
    // A view into a larger buffer, at an odd place.
    const bytes = encodeWav(samples, 22050);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    expect(decodeWav(shifted.subarray(3), "memory")).toEqual({ samples: back.samples, sampleRateHz: 22050 });
  });

  it("refuses what is not its own", () => {
    const good = encodeWav(new Float32Array(100), 16000);
    const claim = new Uint8Array(good);
    new DataView(claim.buffer, claim.byteOffset).setUint32(40, 0xfffffff0, true);
    expect(() => decodeWav(claim, "claim.wav")).toThrow(/claim.wav: shorter than its header says/);
    const stereo = new Uint8Array(good);
    new DataView(stereo.buffer, stereo.byteOffset).setUint16(22, 2, true);
    expect(() => decodeWav(stereo, "stereo.wav")).toThrow(/another sample format/);
    expect(() => decodeWav(new Uint8Array(60), "zeros.wav")).toThrow(/no WAV file/);
    expect(() => decodeWav(good.subarray(0, 20), "short.wav")).toThrow(/no WAV file/);
  });
});

describe("locating ffmpeg", () => {
  it("takes FFMPEG_PATH first, and says when that is wrong", async () => {
    vi.stubEnv("FFMPEG_PATH", folder.path("nothing"));
    await expect(locateFfmpeg()).rejects.toMatchObject({ code: "missing-file" });
    writeFileSync(folder.path("ffmpeg"), "#!/bin/sh\n");
    chmodSync(folder.path("ffmpeg"), 0o755);
    vi.stubEnv("FFMPEG_PATH", folder.path("ffmpeg"));
    expect(await locateFfmpeg()).toEqual({ path: folder.path("ffmpeg"), source: "FFMPEG_PATH" });
    vi.stubEnv("FFMPEG_PATH", "");
    vi.stubEnv("PATH", folder.path("."));
    expect((await locateFfmpeg()).source).toBe("PATH");
  });

  it("falls back to the binary of the npm package", async () => {
    vi.stubEnv("FFMPEG_PATH", "");
    vi.stubEnv("PATH", "");
    const found = await locateFfmpeg();
    expect(found.source).toBe("npm");
    expect(existsSync(found.path)).toBe(true);
  });
});

describe("parseInfo", () => {
  it("reads what a recent ffmpeg prints", () => {
    const info = parseInfo(`Input #0, mov,mp4,m4a,3gp,3g2,mj2, from 'file:/a, b.mp4':
  Metadata:
    comment         : Stream #0:9: Video: h264, yuv420p, 9x9, 1 fps
  Duration: 01:02:03.50, start: 0.021000, bitrate: 253 kb/s
  Stream #0:0[0x1](und): Video: mjpeg (Baseline), yuvj444p(pc, bt470bg/unknown/unknown), 600x600 [SAR 1:1 DAR 1:1], 90k tbr, 90k tbn (attached pic)
  Stream #0:1[0x2](eng): Video: h264 (High) (avc1 / 0x31637661), yuv420p(tv, bt709, progressive), 720x576 [SAR 16:15 DAR 4:3], 250 kb/s, 29.97 fps, 29.97 tbr, 30k tbn (default)
      Side data:
        displaymatrix: rotation of -90.00 degrees
  Stream #0:2[0x3](und): Audio: aac (LC) (mp4a / 0x6134706D), 44100 Hz, stereo, fltp, 128 kb/s (default)
At least one output file must be specified`);
    expect(info).toEqual({
      format: "mov,mp4,m4a,3gp,3g2,mj2",
      durationSeconds: 3723.5,
      startSeconds: 0.021,
      video: { index: 1, codec: "h264", codedWidth: 720, codedHeight: 576, width: 576, height: 768, rotation: 90, fps: 29.97, isVariable: false },
      audio: { index: 2, codec: "aac", sampleRateHz: 44100 },
    });
    expect(parseInfo("file:/x: Invalid data found when processing input")).toBeNull();
    expect(parseInfo("Input #0, h264, from 'file:/x':\n  Duration: N/A, bitrate: N/A\n")).toMatchObject({ durationSeconds: null, startSeconds: 0, video: null, audio: null });
  });
});
