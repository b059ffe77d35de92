/** Following one face through a video: its points in a frame show where to look in the next one. */
import type { Image } from "../media/image.js";
import { presenceThreshold, type FaceAnalyzer, type FaceChoice } from "./analyzer.js";
import { cutChange, CutDetector } from "./cuts.js";
import { boxCentre, type Detection } from "./detector.js";
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

/** One face of a shot from frame to frame. */
export class FollowedFace {
  /** Where it was last seen. */
  square: FaceSquare;
  /** Null where it is not seen in the frame at hand. */
  mesh: FaceMesh | null;
  /** Frames since it was last seen. */
  lost = 0;

  constructor(mesh: FaceMesh) {
    this.mesh = mesh;
    this.square = squareOfMesh(mesh.points);
  }

  /**
   * Goes on to the next frame, which differs from the one before by `change`; `detect` gives the faces among which a lost one may be. True where
   * the face jumped in a picture that changed: a cut within one scene.
   */
  async next(image: Image, change: number, analyzer: FaceAnalyzer, detect: () => Promise<readonly Detection[]>): Promise<boolean> {
    const wasSeen = this.mesh !== null;
    const before = this.square;
    this.mesh = (wasSeen ? await follow(image, before, analyzer) : null) ?? (await findNear(image, before, analyzer, await detect()));
    this.lost = this.mesh === null ? this.lost + 1 : 0;
    if (this.mesh === null) return false;
    this.square = squareOfMesh(this.mesh.points);
    return wasSeen && change > jumpShare * cutChange && squareDistance(this.square, before) > jump * before.side;
  }
}

/** Yields every frame with the points of one face. The detector runs on the first frame, after a cut, and while the face is lost. */
export async function* trackFace(frames: AsyncIterable<Image>, analyzer: FaceAnalyzer, options: TrackOptions): AsyncGenerator<TrackedFrame> {
  const cuts = new CutDetector();
  let face: FollowedFace | null = null;
  for await (const image of frames) {
    const change = cuts.next(image);
    let cut = change > cutChange;
    if (cut) face = null;
    if (face !== null) cut = await face.next(image, change, analyzer, () => analyzer.detect(image));
    else {
      const mesh = await analyzer.find(image, options.face);
      if (mesh !== null) face = new FollowedFace(mesh);
    }
    yield { image, mesh: face?.mesh ?? null, cut };
  }
}

async function follow(image: Image, last: FaceSquare, analyzer: FaceAnalyzer): Promise<FaceMesh | null> {
  const first = await analyzer.mesh(image, last);
  if (first.presence < presenceThreshold) return null;
  const square = squareOfMesh(first.points);
  const moved = squareDistance(square, last) / last.side;
  const grown = Math.abs(square.side / last.side - 1);
  const turned = Math.abs(Math.atan2(Math.sin(square.angle - last.angle), Math.cos(square.angle - last.angle)));
  if (moved < fastMotion && grown < fastMotion && turned < fastTurn) return first;
  const second = await analyzer.mesh(image, square);
  return second.presence < presenceThreshold ? null : second;
}

/** The face that is nearest to where the lost one was and of like size: not whichever is largest now. */
async function findNear(image: Image, last: FaceSquare, analyzer: FaceAnalyzer, detections: readonly Detection[]): Promise<FaceMesh | null> {
  const candidates = detections
    .map((detection) => ({ detection, away: squareDistance(boxCentre(detection.box), last) / last.side }))
    .filter(({ away }) => away < nearby)
    .sort((a, b) => a.away - b.away);
  for (const { detection } of candidates) {
    const mesh = await analyzer.meshOf(image, detection);
    if (mesh !== null) return mesh;
  }
  return null;
}

/** Between the centres, in pixels. */
export function squareDistance(a: Pick<FaceSquare, "x" | "y">, b: Pick<FaceSquare, "x" | "y">): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
