import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodePng, type Image } from "../../src/media/image.js";
import { openVideoWriter } from "../../src/media/video-writer.js";
import { encodeWav } from "../../src/media/wav.js";
import { checkRequest, previewPath, type SynthRequest } from "../../src/synth/request.js";

let folder: string;
let request: SynthRequest;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-request-"));
  const grey: Image = { data: new Uint8Array(32 * 32 * 3).fill(90), width: 32, height: 32 };
  await writeFile(join(folder, "a.png"), await encodePng(grey));
  await writeFile(join(folder, "a.wav"), encodeWav(new Float32Array(8000), 16000));
  await writeFile(join(folder, "empty.wav"), "");
  await writeFile(join(folder, "text.mp4"), "this is no video\n".repeat(50));
  const writer = await openVideoWriter({ path: join(folder, "mute.mp4"), width: 32, height: 32 });
  for (let t = 0; t < 5; t++) await writer.write(grey);
  await writer.finish();
  await writeFile(join(folder, "old.png"), await encodePng(grey));
  await mkdir(join(folder, "model"));
  request = {
    ...{ identity: [join(folder, "a.png")], guide: null, audio: join(folder, "a.wav"), output: join(folder, "out.mp4"), frame: "crop", size: null, crf: 18, articulation: 1, intensity: 1, seed: 0 },
    ...{ face: "largest", modelFolder: join(folder, "model"), device: "cpu", preview: false, force: false },
  };
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

const change = (part: (folder: string) => Partial<SynthRequest>): SynthRequest => ({ ...request, ...part(folder) });

describe("checkRequest", () => {
  test("passes a sound request", async () => {
    await expect(checkRequest(request)).resolves.toBeUndefined();
    await expect(checkRequest(change((f) => ({ guide: join(f, "mute.mp4"), size: 256 })))).resolves.toBeUndefined();
  });

  test.each<[string, (folder: string) => Partial<SynthRequest>, string, RegExp]>([
    ["no identity", () => ({ identity: [] }), "usage", /--id: expected/],
    ["a missing picture", (f) => ({ identity: [join(f, "b.png")] }), "missing-file", /b\.png: no such file/],
    ["missing speech", (f) => ({ audio: join(f, "b.wav") }), "missing-file", /b\.wav: no such file/],
    ["empty speech", (f) => ({ audio: join(f, "empty.wav") }), "bad-media", /empty\.wav: the file is empty/],
    ["text called .mp4 as speech", (f) => ({ audio: join(f, "text.mp4") }), "bad-media", /text\.mp4: not a media file/],
    ["a silent film as speech", (f) => ({ audio: join(f, "mute.mp4") }), "bad-media", /mute\.mp4: has no audio stream/],
    ["text called .mp4 as guide", (f) => ({ guide: join(f, "text.mp4") }), "bad-media", /text\.mp4: not a media file/],
    ["sound as guide", (f) => ({ guide: join(f, "a.wav") }), "bad-media", /a\.wav: has no video stream/],
    ["another container", () => ({ output: "out.webm" }), "usage", /out\.webm: expected a name that ends in \.mp4/],
    ["a size of nothing", () => ({ size: 8 }), "usage", /--size 8: expected a whole number of pixels from 32 to 2048/],
    ["half a pixel", () => ({ size: 64.5 }), "usage", /--size 64\.5/],
    ["a wrong quality", () => ({ crf: 99 }), "usage", /--crf 99/],
    ["no model", (f) => ({ modelFolder: join(f, "none") }), "bad-model", /none: there is no model/],
    ["an input as output", (f) => ({ output: join(f, "text.mp4"), guide: join(f, "text.mp4"), force: true }), "usage", /would overwrite the input/],
    ["an input as explanation", (f) => ({ explain: join(f, "a.png"), force: true }), "usage", /a\.png: .*would overwrite the input/],
    ["an explanation in another format", () => ({ explain: "weights.svg" }), "usage", /--explain weights\.svg: expected a name that ends in \.png .* or \.csv/],
    ["an explanation over the sheet", (f) => ({ explain: join(f, "out.csv"), preview: true }), "usage", /out\.png is the sheet of --preview/],
    ["an explanation that exists", (f) => ({ explain: join(f, "old.csv") }), "exists", /old\.png: exists already/],
    ["what exists", (f) => ({ output: join(f, "mute.mp4") }), "exists", /mute\.mp4: exists already\. Give --force/],
  ])("refuses %s", async (_name, part, code, message) => {
    await expect(checkRequest(change(part))).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  test("looks at the preview's name too", async () => {
    expect(previewPath("x/talk.ing.mp4")).toBe("x/talk.ing.png");
    const asked = change((f) => ({ output: join(f, "a.mp4"), preview: true }));
    await expect(checkRequest(asked)).rejects.toMatchObject({ code: "usage", message: expect.stringMatching(/a\.png/) as string });
  });
});
