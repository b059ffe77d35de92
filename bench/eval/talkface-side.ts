/** `talkface eval --metrics psnr,ssim` without its printing: folders of made and real videos and a number of jobs in, figures out. */
import { evaluate } from "../../src/eval/evaluate.js";
import { planOfPaths } from "../../src/eval/pairs.js";
import { metricsOf } from "../../src/eval/registry.js";

const [made, real, jobs] = process.argv.slice(2) as [string, string, string];
const pairing = { frames: "truncate", crop: "none", size: null, resize: false } as const;
const { systems: [system], clips } = await evaluate(await planOfPaths([made], real), metricsOf(["psnr", "ssim"]), { pairing, jobs: Number(jobs), keep: null, onProgress: () => undefined });
const { psnr, ssim } = system!.scores;
const frames = clips.reduce((sum, clip) => sum + clip.frames.made, 0);
process.stdout.write(`${JSON.stringify({ psnr: psnr!.mean, ssim: ssim!.mean, frames, peakMegabytes: (process.resourceUsage().maxRSS * 1024) / 1e6 })}\n`);
