/**
 * The frozen face networks: where their weights lie, with pinned digests, and how they become ONNX models in memory. Nothing is
 * downloaded and nothing is cached on disk; all six together take about half a second.
 */
import type { OnnxModel } from "../graph/onnx.js";
import { readPackagedFile, type PackagedFile } from "../media/canonical-mesh.js";
import { expressionNet, identityNet, landmarkNet } from "./weights/face-api-nets.js";
import { readFaceApiWeights, type Weights } from "./weights/face-api-weights.js";
import { tfliteToOnnx } from "./weights/tflite-to-onnx.js";

export type FaceNetwork = keyof typeof faceNetworks;

export interface FaceNetworkEntry {
  /** Files whose bytes decide the numbers: part of what a report must name. */
  readonly files: readonly PackagedFile[];
  readonly licence: string;
  readonly load: () => OnnxModel;
}

const meshAssets = { package: "@mediapipe/face_mesh", path: "face_mesh_solution_packed_assets.data" } as const;

const shortRange: PackagedFile = {
  ...meshAssets,
  range: [3757224, 3986256],
  sha256: "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
};
const attentionMesh: PackagedFile = {
  ...meshAssets,
  range: [0, 2495952],
  sha256: "883b7411747bac657c30c462d305d312e9dec6adbf8b85e2f5d8d722fca9455d",
};
const fullRangeSparse: PackagedFile = {
  package: "@mediapipe/face_detection",
  path: "face_detection_full_range_sparse.tflite",
  sha256: "671dd2f9ed11a78436fc21cc42357a803dfc6f73e9fb86541be942d5716c2dce",
};

/** By what they do. Inputs are called "image", [1,H,W,C=3]. */
export const faceNetworks = {
  /** BlazeFace for faces larger than a sixth of the picture. 128 x 128 in -1..1 -> "boxes" [1,896,16], "scores" [1,896,1]. */
  shortRange: mediaPipe(shortRange, { regressors: "boxes", classificators: "scores" }),
  /** BlazeFace for small faces. 192 x 192 in -1..1 -> "boxes" [1,2304,16], "scores" [1,2304,1]. */
  fullRangeSparse: mediaPipe(fullRangeSparse, { Identity: "boxes", Identity_1: "scores" }),
  /** Face Mesh with attention. 192 x 192 in 0..1 -> "mesh" [1,1,1,1404], refined parts, "presence" (logit). */
  attentionMesh: mediaPipe(attentionMesh, {
    output_mesh_identity: "mesh",
    output_lips: "lips",
    output_left_eye: "leftEye",
    output_right_eye: "rightEye",
    output_left_iris: "leftIris",
    output_right_iris: "rightIris",
    conv_faceflag: "presence",
  }),
  /** 68 points, 112 x 112 in 0..255 -> "output" [1,136]. */
  landmarks68: faceApi(
    "face_landmark_68_model",
    { manifest: "ca4886639f86e99b39fed0c155f81b63317225773bd9616716e887b0153389c9", weights: "4611ef65c87d836d03d684b30eec4d195d8b219fa1dd58fc58945831c6b9299b" },
    landmarkNet,
  ),
  /** dlib's 128-D face descriptor, 150 x 150 in 0..255 -> "output" [1,128]. */
  identity: faceApi(
    "face_recognition_model",
    { manifest: "cbaffa501b0b9275a12b63357a6843e7e30c054e1c9151e1a5f879b26e32986b", weights: "b413e420d6840b2775fba32008db6f3cddb07d485967fb42cfcf379c16a8c589" },
    identityNet,
  ),
  /** Seven expressions, 112 x 112 in 0..255 -> "output" [1,7]. */
  expression: faceApi(
    "face_expression_model",
    { manifest: "5b349c17c7836da506e03422cd6461c74085d8bb2713ad4114647dc5d28174c8", weights: "9a9840f2cf1f4c7eab95f197512569345c00d2426754d4608b92af30e0300f3d" },
    expressionNet,
  ),
} as const satisfies Record<string, FaceNetworkEntry>;

/** Reads, verifies and rebuilds one network. Throws `missing-file` or `bad-model` where the installed package is not the pinned one. */
export function loadFaceNetwork(name: FaceNetwork): OnnxModel {
  return faceNetworks[name].load();
}

function mediaPipe(file: PackagedFile, outputs: Readonly<Record<string, string>>): FaceNetworkEntry {
  return { files: [file], licence: "Apache-2.0", load: () => tfliteToOnnx(readPackagedFile(file), file.path, outputs) };
}

function faceApi(
  name: string,
  digests: { readonly manifest: string; readonly weights: string },
  build: (weights: Weights) => OnnxModel,
): FaceNetworkEntry {
  const inPackage = (path: string, sha256: string): PackagedFile => ({ package: "@vladmandic/face-api", path: `model/${path}`, sha256 });
  const manifest = inPackage(`${name}-weights_manifest.json`, digests.manifest);
  const weights = inPackage(`${name}.bin`, digests.weights);
  return {
    files: [manifest, weights],
    licence: "MIT",
    load: () => build(readFaceApiWeights(readPackagedFile(manifest), readPackagedFile(weights))),
  };
}
