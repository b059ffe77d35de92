/**
 * In how many frames of videos the toolkit's own detector finds a face.
 *
 *   npm run bench -- faces VIDEO...
 */
import { TalkfaceError } from "../src/base/errors.js";
import { createFaceAnalyzer } from "../src/face/analyzer.js";
import { readFrames } from "../src/media/video-reader.js";

export async function run(paths: readonly string[]): Promise<Record<string, string | number>> {
  if (paths.length === 0) throw new TalkfaceError("usage", "bench faces: give at least one video.");
  const analyzer = await createFaceAnalyzer();
  const shares: number[] = [];
  for (const path of paths) {
    let frames = 0;
    let found = 0;
    for await (const frame of readFrames(path)) {
      frames++;
      if ((await analyzer.detect(frame)).length > 0) found++;
    }
    shares.push(found / frames);
    process.stdout.write(`${path}: ${found} of ${frames} frames\n`);
  }
  return { videos: shares.length, worst: Math.min(...shares).toFixed(4), mean: (shares.reduce((a, b) => a + b) / shares.length).toFixed(4) };
}
