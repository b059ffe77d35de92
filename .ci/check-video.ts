/** `tsx .ci/check-video.ts VIDEO SPEECH`: exit status 0 when the video is what `talkface synth` promises. */
import { checkVideo } from "../test/support/video-check.js";

const [video, speech] = process.argv.slice(2);
if (video === undefined || speech === undefined) throw new Error("usage: tsx .ci/check-video.ts VIDEO SPEECH");
const { frames, framesWithFace, problems } = await checkVideo(video, speech);
process.stderr.write(`${video}: ${frames} frames, a face in ${framesWithFace} of those looked at\n`);
for (const problem of problems) process.stderr.write(`${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
