/**
 * MediaPipe's canonical face mesh and the verified files of npm packages that carry networks. Nothing of them is copied into this
 * repository: they are read from the installed packages, whose exact bytes are pinned.
 */
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { createRequire } from "node:module";
import protobuf from "protobufjs/minimal.js";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { sha256 } from "../base/files.js";

/** A file of an installed package, or a stretch of it, with the digest of exactly those bytes. */
export interface PackagedFile {
  /** "@scope/package" */
  readonly package: string;
  /** Path inside the package. */
  readonly path: string;
  /** Bytes [start, end) of the file; all of it by default. */
  readonly range?: readonly [start: number, end: number];
  readonly sha256: string;
}

/** The face mesh assets hold several files back to back; this stretch is face_geometry's metadata, a protobuf message. */
const canonicalMeshFile: PackagedFile = {
  package: "@mediapipe/face_mesh",
  path: "face_mesh_solution_packed_assets.data",
  range: [3737848, 3757224],
  sha256: "bdbcda96dfcb7da883da124aaa2c55dee49770d934f0fcc71747f8c21bdc75b4",
};

export interface CanonicalMesh {
  /** [L=468, 3] in cm: x to the subject's left, y up, z towards the viewer. */
  readonly positions: Float32Array;
  /** [L=468, 2] in 0..1, v from the top of the texture picture. */
  readonly uvs: Float32Array;
  /** [N, 3] vertex numbers. */
  readonly triangles: Uint16Array;
}

const vertexCount = 468;

/** Reads the canonical face that the 478-point landmarks follow (mediapipe/modules/face_geometry/data, Apache-2.0). */
export function readCanonicalMesh(): CanonicalMesh {
  const reader = protobuf.Reader.create(readPackagedFile(canonicalMeshFile));
  const vertices: number[] = []; // x y z u v for each vertex
  const triangles: number[] = [];
  // GeometryPipelineMetadata.canonical_mesh = 1; Mesh3d.vertex_buffer = 3 (float), index_buffer = 4 (uint32).
  readFields(reader, reader.len, (field) => {
    if (field !== 1) return false;
    readFields(reader, reader.uint32() + reader.pos, (inner) => {
      if (inner === 3) vertices.push(reader.float());
      else if (inner === 4) triangles.push(reader.uint32());
      else return false;
      return true;
    });
    return true;
  });
  if (vertices.length !== vertexCount * 5 || triangles.some((vertex) => vertex >= vertexCount)) {
    throw new TalkfaceError("internal", `internal: canonical mesh with ${vertices.length} numbers, expected ${vertexCount * 5}.`);
  }
  const pick = (columns: readonly number[]): Float32Array =>
    Float32Array.from({ length: vertexCount * columns.length }, (_, i) => {
      return vertices[Math.floor(i / columns.length) * 5 + columns[i % columns.length]!]!;
    });
  return { positions: pick([0, 1, 2]), uvs: pick([3, 4]), triangles: Uint16Array.from(triangles) };
}

/** Calls `take` for each field up to `end`; a field that it does not take is skipped. */
function readFields(reader: protobuf.Reader, end: number, take: (field: number) => boolean): void {
  while (reader.pos < end) {
    const tag = reader.uint32();
    if (!take(tag >>> 3)) reader.skipType(tag & 7);
  }
}

/** Bytes of a packaged file, refused unless they are the pinned ones: numbers in reports depend on them. */
export function readPackagedFile(file: PackagedFile): Uint8Array {
  const { package: name, path, range } = file;
  let location: string;
  try {
    location = createRequire(import.meta.url).resolve(`${name}/${path}`);
  } catch (error) {
    throw new TalkfaceError("missing-file", `${name}/${path}: not installed. Run npm ci in the folder of talkface.`, { cause: error });
  }
  let bytes: Uint8Array;
  try {
    bytes = range === undefined ? readFileSync(location) : readStretch(location, range[0], range[1]);
  } catch (error) {
    throw fromSystemError(error, location);
  }
  const found = sha256(bytes);
  if (found !== file.sha256) {
    throw new TalkfaceError(
      "bad-model",
      `${location}: SHA-256 is ${found.slice(0, 12)}…, expected ${file.sha256.slice(0, 12)}… of the pinned ${name}. Run npm ci to install the exact version.`,
    );
  }
  return bytes;
}

function readStretch(location: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(end - start);
  const handle = openSync(location, "r");
  try {
    const count = readSync(handle, bytes, 0, bytes.length, start);
    return bytes.subarray(0, count); // a shorter file fails the digest
  } finally {
    closeSync(handle);
  }
}
