/** Following the faces of a shot beside each other, for those who can tell only later which of them matters. */
import type { Image } from "../media/image.js";
import type { FaceAnalyzer } from "./analyzer.js";
import { cutChange, CutDetector } from "./cuts.js";
import { type Box, boxArea, boxCentre, type Detection } from "./detector.js";
import { type FaceMesh, type FaceSquare, squareOfDetection } from "./mesh.js";
import { FollowedFace, squareDistance } from "./track.js";

export interface TrackedFaces {
  readonly image: Image;
  /** The largest of the shot's first frame with faces comes first; none where the shot has shown no face yet. */
  readonly faces: readonly TrackedFace[];
  /** The picture does not continue the one before. */
  readonly cut: boolean;
}

export interface TrackedFace {
  /** The same from frame to frame. */
  readonly id: number;
  /** Null where the face is not seen. */
  readonly mesh: FaceMesh | null;
}

/** More faces than these are not followed: each costs as much as the first. */
const mostFaces = 4;
/** A face with less than this share of the first one's side stands in the background. */
const leastShare = 1 / 3;
/** Faces that came later are looked for after so many frames of a shot: ten seconds, for the detector costs as much as several frames of following. */
const searchInterval = 250;
/** Squares whose centres are nearer to each other than this share of a side are of one face. */
const sameFace = 0.4;

interface Numbered {
  id: number;
  readonly face: FollowedFace;
}

/**
 * Yields every frame with the points of all its larger faces. The first of them is followed exactly as `trackFace` follows the largest one. A face
 * that is not seen for more than `patience` frames is given up where another one is left; when it was the first, the next one takes its place.
 */
export async function* trackFaces(frames: AsyncIterable<Image>, analyzer: FaceAnalyzer, { patience }: { readonly patience: number }): AsyncGenerator<TrackedFaces> {
  const cuts = new CutDetector();
  let followed: Numbered[] = [];
  let [nextId, sinceSearch] = [0, 0];
  for await (const image of frames) {
    const change = cuts.next(image);
    let cut = change > cutChange;
    if (cut) followed = [];
    let found: Promise<Detection[]> | null = null;
    const detect = (): Promise<Detection[]> => (found ??= analyzer.detect(image));

    const gone = new Set<Numbered>();
    for (const each of followed) {
      const others = followed.filter((other) => other !== each && other.face.mesh !== null).map(({ face }) => face.square);
      const jumped = await each.face.next(image, change, analyzer, async () => (await detect()).filter(({ box }) => !others.some((square) => isAt(box, square))));
      if (jumped) {
        // the first face tells a cut; where another one jumps, a part of the picture may have been cut to another person
        if (each === followed[0]) cut = true;
        else each.id = nextId++;
      }
      const { mesh, square } = each.face;
      if (mesh !== null && followed.slice(0, followed.indexOf(each)).some(({ face }) => face.mesh !== null && squareDistance(face.square, square) < sameFace * square.side)) gone.add(each);
    }
    if (cut) followed = followed.slice(0, 1);
    const left = followed.filter((each) => !gone.has(each) && each.face.lost <= patience);
    followed = left.length > 0 ? left : followed.slice(0, 1);

    const [first] = followed;
    sinceSearch++;
    if (first === undefined || (first.face.mesh !== null && (cut || sinceSearch >= searchInterval))) {
      sinceSearch = 0;
      for (const detection of (await detect()).toSorted((a, b) => boxArea(b.box) - boxArea(a.box))) {
        if (followed.length === mostFaces) break;
        if (followed.some(({ face }) => isAt(detection.box, face.square))) continue;
        if (squareOfDetection(detection).side < leastShare * (followed[0]?.face.square.side ?? 0)) continue;
        const mesh = await analyzer.meshOf(image, detection);
        if (mesh !== null) followed.push({ id: nextId++, face: new FollowedFace(mesh) });
      }
    }
    yield { image, faces: followed.map(({ id, face }) => ({ id, mesh: face.mesh })), cut };
  }
}

function isAt(box: Box, square: FaceSquare): boolean {
  return squareDistance(boxCentre(box), square) < sameFace * square.side;
}
