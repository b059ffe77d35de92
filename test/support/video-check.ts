/** What a video made by `talkface synth` must be; used by the end-to-end test and by .ci/run. */
import { spawnSync } from "node:child_process";
import { createFaceAnalyzer } from "../../src/face/analyzer.js";
import { readAudioBlocks } from "../../src/media/audio.js";
import { locateFfmpeg } from "../../src/media/ffmpeg.js";
import { probe } from "../../src/media/probe.js";
import { readFrames } from "../../src/media/video-reader.js";

export interface VideoFacts {
  readonly frames: number;
  readonly framesWithFace: number;
  /** One sentence for each thing that is wrong; empty when all is well. */
  readonly problems: readonly string[];
}

const fps = 25;
const sampleRateHz = 16000;

/** Checks codec, rate, tag, length against the speech (within one frame), and faces in at least 95 % of every `faceEvery`-th frame. */
export async function checkVideo(path: string, speechPath: string, faceEvery = 5): Promise<VideoFacts> {
  const problems: string[] = [];
  const expect = (holds: boolean, problem: string): void => void (holds || problems.push(`${path}: ${problem}`));

  const info = await probe(path);
  expect(info.video?.codec === "h264", `video codec ${info.video?.codec ?? "none"}, expected h264`);
  expect(info.video?.fps === fps, `${info.video?.fps ?? "no"} frames a second, expected ${fps}`);
  expect(info.audio?.codec === "aac", `audio codec ${info.audio?.codec ?? "none"}, expected aac`);
  const description = spawnSync((await locateFfmpeg()).path, ["-hide_banner", "-i", path], { encoding: "utf8" }).stderr;
  expect(/Video: h264[^\n]*yuv420p/.test(description), "pixel format is not yuv420p");
  expect(/comment\s*:[^\n]*synthetic/i.test(description), "the tag that says that it is synthetic is missing");

  let samples = 0;
  for await (const block of readAudioBlocks(speechPath, sampleRateHz)) samples += block.length;
  const analyzer = await createFaceAnalyzer();
  let frames = 0;
  let looked = 0;
  let framesWithFace = 0;
  for await (const image of readFrames(path)) {
    if (frames++ % faceEvery !== 0) continue;
    looked++;
    if ((await analyzer.find(image, "largest")) !== null) framesWithFace++;
  }
  const wanted = (samples / sampleRateHz) * fps;
  expect(Math.abs(frames - wanted) <= 1, `${frames} frames, expected ${wanted.toFixed(2)} as the speech`);
  expect(info.durationSeconds !== null && Math.abs(info.durationSeconds - wanted / fps) <= 1.5 / fps, `the file lasts ${info.durationSeconds} s, the speech ${(wanted / fps).toFixed(2)} s`);
  expect(framesWithFace >= 0.95 * looked, `a face in ${framesWithFace} of ${looked} frames looked at`);
  return { frames, framesWithFace, problems };
}
