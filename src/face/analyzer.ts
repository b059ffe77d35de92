/** Finding faces and their points in a picture. */
import type { Image } from "../media/image.js";
import { BlazeFace, boxArea, boxCentre, mergeDetections, type Detection } from "./detector.js";
import { MeshNetwork, squareOfDetection, squareOfMesh, type FaceMesh, type FaceSquare } from "./mesh.js";

/** The largest face, or the n-th from the left, counted from 1. */
export type FaceChoice = "largest" | number;

export interface FaceAnalyzer {
  /** All faces, surest first: BlazeFace short range, and full range (sparse) for small faces that it does not see. */
  detect(image: Image): Promise<Detection[]>;
  /** One pass of the mesh over a square. */
  mesh(image: Image, square: FaceSquare): Promise<FaceMesh>;
  /** Two passes from a detection, so that the detector's jitter does not show; null where the mesh sees no face there. */
  meshOf(image: Image, detection: Detection): Promise<FaceMesh | null>;
  /** Two passes on the chosen face; null where there is none. */
  find(image: Image, which: FaceChoice): Promise<FaceMesh | null>;
}

/** Below this presence a mesh is no face (MediaPipe's threshold). */
export const presenceThreshold = 0.5;

/** Rebuilds the three networks and opens their sessions (about half a second), one thread each. Keep one analyzer per process. */
export async function createFaceAnalyzer(): Promise<FaceAnalyzer> {
  return new Analyzer(await MeshNetwork.open(), await BlazeFace.open("shortRange"), await BlazeFace.open("fullRangeSparse"));
}

class Analyzer implements FaceAnalyzer {
  readonly #mesh: MeshNetwork;
  readonly #short: BlazeFace;
  readonly #full: BlazeFace;

  constructor(mesh: MeshNetwork, short: BlazeFace, full: BlazeFace) {
    this.#mesh = mesh;
    this.#short = short;
    this.#full = full;
  }

  async detect(image: Image): Promise<Detection[]> {
    return mergeDetections(await this.#short.detect(image), await this.#full.detect(image));
  }

  mesh(image: Image, square: FaceSquare): Promise<FaceMesh> {
    return this.#mesh.run(image, square);
  }

  async meshOf(image: Image, detection: Detection): Promise<FaceMesh | null> {
    const first = await this.mesh(image, squareOfDetection(detection));
    if (first.presence < presenceThreshold) return null;
    const second = await this.mesh(image, squareOfMesh(first.points));
    return second.presence < presenceThreshold ? null : second;
  }

  async find(image: Image, which: FaceChoice): Promise<FaceMesh | null> {
    const detections = await this.detect(image);
    if (which === "largest") {
      for (const detection of detections.sort((a, b) => boxArea(b.box) - boxArea(a.box))) {
        const mesh = await this.meshOf(image, detection);
        if (mesh !== null) return mesh;
      }
      return null;
    }
    let seen = 0;
    for (const detection of detections.sort((a, b) => boxCentre(a.box).x - boxCentre(b.box).x)) {
      const mesh = await this.meshOf(image, detection);
      if (mesh !== null && ++seen === which) return mesh;
    }
    return null;
  }
}
