/** Following one face through a video: its points in a frame show where to look in the next one. */
import type { Image } from "../media/image.js";
import { presenceThreshold, type FaceAnalyzer, type FaceChoice } from "./analyzer.js";
import { cutChange, CutDetector } from "./cuts.js";
import { squareOfMesh, type FaceMesh, type FaceSquare } from "./mesh.js";

export interface TrackedFrame {
  readonly image: Image;
  /** Null where the face is not seen. */
  readonly mesh: FaceMesh | null;
  /** The picture does not continue the one before: another shot, and perhaps another person. */
  readonly cut: boolean;
}

export interface TrackOptions {
  readonly face: FaceChoice;
}

/** A square that moved or grew by more than this share of its side since the last frame gets a second pass. */
const fastMotion = 0.06;
const fastTurn = 0.12; // radians
/**
 * A jump cut shows the same scene with the head elsewhere: the square moves by more than this share of its side in one frame, and the
 * picture changes by this much of what an ordinary cut needs.
 */
const jump = 0.25;
const jumpShare = 0.4;
/** A lost face is looked for within this many of its own sides from where it was. */
const nearby = 0.6;

/** Yields every frame with the points of one face. The detector runs on the first frame, after a cut, and while the face is lost. */
export async function* trackFace(frames: AsyncIterable<Image>, analyzer: FaceAnalyzer, options: TrackOptions): AsyncGenerator<TrackedFrame> {
  const cuts = new CutDetector();
  let last: FaceSquare | null = null; // where the face was, known or lost
  let tracking = false;
  for await (const image of frames) {
    const change = cuts.next(image);
    let cut = change > cutChange;
    if (cut) last = null;
    let mesh: FaceMesh | null = null;
    if (tracking && last !== null) mesh = await follow(image, last, analyzer);
    if (mesh === null) mesh = await (last === null ? analyzer.find(image, options.face) : findNear(image, last, analyzer));
    if (mesh !== null) {
      const square = squareOfMesh(mesh.points);
      cut ||= tracking && last !== null && change > jumpShare * cutChange && distance(square, last) > jump * last.side;
      last = square;
    }
    tracking = mesh !== null;
    yield { image, mesh, cut };
  }
}

async function follow(image: Image, last: FaceSquare, analyzer: FaceAnalyzer): Promise<FaceMesh | null> {
  const first = await analyzer.mesh(image, last);
  if (first.presence < presenceThreshold) return null;
  const square = squareOfMesh(first.points);
  const moved = distance(square, last) / last.side;
  const grown = Math.abs(square.side / last.side - 1);
  const turned = Math.abs(Math.atan2(Math.sin(square.angle - last.angle), Math.cos(square.angle - last.angle)));
  if (moved < fastMotion && grown < fastMotion && turned < fastTurn) return first;
  const second = await analyzer.mesh(image, square);
  return second.presence < presenceThreshold ? null : second;
}

/** The face that is nearest to where the lost one was and of like size: not whichever is largest now. */
async function findNear(image: Image, last: FaceSquare, analyzer: FaceAnalyzer): Promise<FaceMesh | null> {
  const candidates = (await analyzer.detect(image))
    .map((detection) => {
      const { x, y, width, height } = detection.box;
      return { detection, away: Math.hypot(x + width / 2 - last.x, y + height / 2 - last.y) / last.side };
    })
    .filter(({ away }) => away < nearby)
    .sort((a, b) => a.away - b.away);
  for (const { detection } of candidates) {
    const mesh = await analyzer.meshOf(image, detection);
    if (mesh !== null) return mesh;
  }
  return null;
}

function distance(a: FaceSquare, b: FaceSquare): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
