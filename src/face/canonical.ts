/** The canonical face that poses are measured against. */
import { readCanonicalMesh } from "../media/canonical-mesh.js";

/** Positions [468,3] in cm: x to the subject's left, y up, z towards the viewer. Reads the package file: keep the result. */
export function canonicalMesh(): Float32Array {
  return readCanonicalMesh().positions;
}

/** Vertices of the canonical mesh's triangles, [N,3]. */
export function canonicalTriangles(): Uint16Array {
  return readCanonicalMesh().triangles;
}
