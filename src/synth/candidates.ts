/** Pictures of a person, from files, folders and videos, each with its face found and aligned. */
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { warn } from "../base/log.js";
import type { FaceAnalyzer, FaceChoice } from "../face/analyzer.js";
import { cropAffine, pointsIntoCrop } from "../face/crop.js";
import { type Image, readImage } from "../media/image.js";
import { probe, requireVideo } from "../media/probe.js";
import { affineScale, type Affine, warpImage } from "../media/transform.js";
import { readFrames } from "../media/video-reader.js";
import type { StageClock } from "./timings.js";

/** One picture with its face, aligned. The picture itself is not kept: a folder may hold many large ones. */
export interface Candidate {
  /** The file, and the second for a video. */
  readonly where: { readonly path: string; readonly second: number | null };
  /** Aligned crop [size, size]. */
  readonly crop: Image;
  /** Mesh [478, 3] in crop pixels. */
  readonly mesh: Float32Array;
  readonly cropToSource: Affine;
}

export interface CandidateOptions {
  /** Side of the crops in pixels. */
  readonly size: number;
  readonly face: FaceChoice;
}

const pictureNames = /\.(png|jpe?g|webp|tiff?|avif|gif)$/i;
/** At most this many pictures of a folder, and frames of a video, are looked at; of a video its first part. */
const mostPictures = 200;
const mostFrames = 40;
const mostSeconds = 60;
/** A face that is blown up further (source pixels a crop pixel) is too small to show. */
const smallestScale = 0.25;

/** The files behind `--id`: folders are searched (not below), a video stays one file. Throws where a folder holds no picture. */
export async function listSources(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    try {
      if (!(await stat(path)).isDirectory()) {
        files.push(path);
        continue;
      }
      const names = (await readdir(path)).filter((name) => pictureNames.test(name) && !name.startsWith(".")).sort();
      if (names.length === 0) throw new TalkfaceError("missing-file", `${path}: the folder holds no picture. Give one with PNG, JPEG, WebP, TIFF or AVIF files.`);
      if (names.length > mostPictures) warn(`${path}: holds ${names.length} pictures; the first ${mostPictures} by name are looked at.`);
      files.push(...names.slice(0, mostPictures).map((name) => join(path, name)));
    } catch (error) {
      throw fromSystemError(error, path);
    }
  }
  return files;
}

/** Every face that is found; files without one warn. Throws `no-face` where none has one, and for unreadable files. */
export async function readCandidates(paths: readonly string[], analyzer: FaceAnalyzer, clock: StageClock, options: CandidateOptions): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const files = await listSources(paths);
  for (const path of files) {
    const before = found.length;
    for await (const { image, second } of clock.waiting("decode", picturesOf(path))) {
      const candidate = await clock.during("face", () => alignFace(image, { path, second }, analyzer, options));
      if (candidate !== null) found.push(candidate);
    }
    if (found.length === before && files.length > 1) warn(`${path}: no face was found in it; it is left out.`);
  }
  if (found.length === 0) {
    const which = options.face === "largest" ? "no face" : `no face number ${options.face}`;
    throw new TalkfaceError("no-face", `${paths.join(", ")}: ${which} was found. Give pictures that show the face from the front, at least 50 pixels wide.`);
  }
  return found;
}

/** The picture that a candidate was cut from. */
export async function readSource({ path, second }: Candidate["where"]): Promise<Image> {
  if (second === null) return readImage(path);
  for await (const image of readFrames(path, { startSeconds: second, durationSeconds: 1 / 25 })) return image;
  throw new TalkfaceError("bad-media", `${path}: holds no picture at ${second} s.`);
}

async function* picturesOf(path: string): AsyncGenerator<{ readonly image: Image; readonly second: number | null }> {
  if (await isPicture(path)) {
    yield { image: await readImage(path), second: null };
    return;
  }
  const info = await probe(path);
  requireVideo(info, path);
  const seconds = Math.min(info.durationSeconds ?? mostSeconds, mostSeconds);
  const fps = Math.min(25, mostFrames / Math.max(seconds, 0.1));
  let index = 0;
  for await (const image of readFrames(path, { fps, durationSeconds: seconds })) yield { image, second: index++ / fps };
}

/** By the first bytes, because names lie; a name of the usual kind decides where the file is too odd to tell, so that sharp says what is wrong. */
async function isPicture(path: string): Promise<boolean> {
  const head = Buffer.alloc(16);
  try {
    const handle = await open(path, "r");
    try {
      await handle.read(head, 0, head.length, 0);
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw fromSystemError(error, path);
  }
  const text = head.toString("latin1");
  const signature = /^(\x89PNG|\xff\xd8\xff|GIF8|II\*\0|MM\0\*|RIFF....WEBP|....ftyp(avif|avis|heic|heix|mif1))/s;
  return signature.test(text) || pictureNames.test(path);
}

/** Finds and aligns the face of one picture; null where there is none or a tiny one. */
export async function alignFace(image: Image, where: Candidate["where"], analyzer: FaceAnalyzer, { size, face }: CandidateOptions): Promise<Candidate | null> {
  const mesh = await analyzer.find(image, face);
  if (mesh === null) return null;
  const cropToSource = cropAffine(mesh, size);
  if (affineScale(cropToSource) < smallestScale) {
    warn(`${where.path}: the face is only ${Math.round(affineScale(cropToSource) * size)} pixels wide; it is left out.`);
    return null;
  }
  return { where, crop: warpImage(image, cropToSource, size, size, "edge"), mesh: pointsIntoCrop(mesh.points, 3, cropToSource), cropToSource };
}
