/**
 * What makes a part unfit to learn from, beyond its length and size. Thresholds are set by 60 real talking videos of several corpora (LRS3, VoxCeleb2, LRW,
 * MEAD, HDTF, others): all of them pass.
 */
import { meshLength } from "../face/mesh-parts.js";
import { fitPose } from "../face/pose.js";
import { type Image, decodeImage } from "../media/image.js";
import type { Part } from "./clip-cutter.js";
import type { Drop } from "./staging.js";

/** Real crops of 128 pixels have 0.47 to 1.48, and 0.18 to 0.68 after a Gaussian blur of 3 pixels. */
const leastSharpness = 0.33;
/** The mesh guesses the far half of a face that is turned further. Real footage: up to 39. */
const mostDegrees = 65;
/** Speech rises and falls by 12 dB and more between its loud and quiet frames; a hum or a tone hardly does. */
const leastDynamics = 6;

/** Of 120 real videos, 119 are apart by at most 1.8 s and 17 % of the longer one (the sound ends first), and one has sound of 12 s for pictures of 4.7 s. */
const mostApart = { seconds: 0.5, share: 0.25 } as const;

/** The face without hair and background, as shares of the crop. */
const [left, right, top, bottom] = [0.3, 0.7, 0.3, 0.8];

/** Why the pictures of a part are unfit, or null: looked at in its middle frame, and in the pose of ten frames. */
export async function pictureGate(part: Part): Promise<Drop | null> {
  const angles = Array.from({ length: 10 }, (_, i) => {
    const t = Math.floor(((i + 0.5) * part.frames) / 10);
    return (Math.abs(fitPose(part.mesh.subarray(t * meshLength, (t + 1) * meshLength)).yaw) * 180) / Math.PI;
  }).sort((a, b) => a - b);
  const turned = angles[5]!;
  if (turned > mostDegrees) return { reason: "extreme-pose", detail: `the head is turned by ${turned.toFixed(0)} degrees, at most ${mostDegrees} are of use` };
  const sharp = sharpness(await decodeImage(part.pictures[part.frames >> 1]!, "a crop"));
  if (sharp < leastSharpness) return { reason: "blurred", detail: `the face has a sharpness of ${sharp.toFixed(2)}, at least ${leastSharpness} is needed` };
  return null;
}

/**
 * Seconds of sound from where a file with pictures of `seconds` is one that may be of something else, or whose rest is lost, because the sound lasts too long.
 */
export function mostSound(seconds: number): number {
  return Math.max(seconds + mostApart.seconds, seconds / (1 - mostApart.share));
}

/** Why lengths of sound and pictures are not those of one whole recording, or null. `sound` may be told as `mostSound` where there is more. Seconds. */
export function lengthGate(pictures: number, sound: number): Drop | null {
  const apart = Math.abs(pictures - sound);
  if (apart < Math.max(mostApart.seconds, mostApart.share * Math.max(pictures, sound))) return null;
  const more = sound >= mostSound(pictures) ? " or more" : "";
  return { reason: "lengths-disagree", detail: `pictures of ${pictures.toFixed(2)} s and sound of ${sound.toFixed(2)} s${more}: at most ${mostApart.seconds} s or ${100 * mostApart.share} % may be missing` };
}

/** Why sound is none of speech, or null. Samples of 16 kHz. */
export function speechGate(samples: Float32Array): Drop | null {
  const range = dynamics(samples);
  return range >= leastDynamics ? null : { reason: "no-speech", detail: `the sound rises and falls by ${range.toFixed(1)} dB, speech by at least ${leastDynamics}` };
}

/**
 * Mean size of the Laplacian over three pixels of the smoothed picture, over the spread of brightness, in the face: how much of the contrast is
 * detail of the size of lids and lips. What is finer is left out, for there the grain of sensors and encoders looks sharp.
 */
export function sharpness({ data, width, height }: Image): number {
  const grey = Float32Array.from({ length: width * height }, (_, i) => 0.299 * data[3 * i]! + 0.587 * data[3 * i + 1]! + 0.114 * data[3 * i + 2]!);
  const smooth = smoothed(smoothed(grey, width, height), width, height);
  let [detail, sum, squares, count] = [0, 0, 0, 0];
  for (let y = Math.ceil(top * height); y < bottom * height; y++) {
    for (let x = Math.ceil(left * width); x < right * width; x++) {
      const at = y * width + x;
      const value = smooth[at]!;
      detail += Math.abs(4 * value - smooth[at - reach]! - smooth[at + reach]! - smooth[at - reach * width]! - smooth[at + reach * width]!);
      sum += value;
      squares += value * value;
      count++;
    }
  }
  const spread = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  return spread < 1e-3 ? 0 : detail / count / spread;
}

const reach = 3;

/** A 3 x 3 binomial filter; the border becomes zero. */
function smoothed(from: Float32Array, width: number, height: number): Float32Array {
  const to = new Float32Array(from.length);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const row = (at: number): number => from[at - 1]! + 2 * from[at]! + from[at + 1]!;
      const at = y * width + x;
      to[at] = (row(at - width) + 2 * row(at) + row(at + width)) / 16;
    }
  }
  return to;
}

/** Decibels between the 10th and the 90th percentile of the levels of 40 ms each. */
export function dynamics(samples: Float32Array): number {
  const levels: number[] = [];
  for (let from = 0; from + 640 <= samples.length; from += 640) {
    let power = 0;
    for (let i = from; i < from + 640; i++) power += samples[i]! ** 2;
    levels.push(10 * Math.log10(power / 640 + 1e-10));
  }
  levels.sort((a, b) => a - b);
  return levels.length === 0 ? 0 : levels[Math.floor(levels.length * 0.9)]! - levels[Math.floor(levels.length * 0.1)]!;
}
