/** A deployed talking-face model at work: the four networks, fed with faces, speech and guide motion. */
import { modelPointCount } from "../base/points.js";
import type { DataContract } from "../base/contract.js";
import { TalkfaceError } from "../base/errors.js";
import { type FaceFrame, faceAtRest, planar } from "../features/face-frame.js";
import { positionVector } from "../features/position.js";
import { placePoints, type RigidPose } from "../features/rigid-pose.js";
import { columnsPerFrame, silentColumn } from "../features/speech.js";
import type { Image } from "../media/image.js";
import type { Device } from "../runtime/devices.js";
import { createSession, type Session } from "../runtime/session.js";
import { floats, type Tensor } from "../runtime/tensor.js";
import { readModel } from "../store/model.js";
import { type Weighting, weightings } from "./weightings.js";

/** One aligned identity picture with its face. */
export interface FaceView {
  readonly image: Image;
  readonly face: FaceFrame;
}

/** A face whose expression is asked for. */
export interface ExpressiveFace {
  /** Aligned crop. */
  readonly image: Image;
  /** Its points [L, 3] in the face's own axes, centimetres. */
  readonly shape: Float32Array;
}

export interface Expression {
  /** What the upper half of the picture shows [C]. */
  readonly code: Float32Array;
  /** What of the face's shape is expression [L, 2], centimetres of the face's own axes; lips never part by it. */
  readonly displacement: Float32Array;
}

/** Features of the target, made once. */
export interface Identity {
  /** Face at rest [L, 3] in centimetres. */
  readonly rest: Float32Array;
  /** The expression that it has at rest: of the views, mostly a smile. */
  readonly expression: Expression;
  /** Pose of the first view. */
  readonly pose: RigidPose;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/** What drives one frame. */
export interface Drive {
  /** Speech code [C]. */
  readonly speech: Float32Array;
  /** Takes the place of the expression that the target's pictures have. */
  readonly expression: Expression;
  /** Where the target's head stands. */
  readonly pose: RigidPose;
  /** Brow and eye displacements [U, 2] in centimetres. */
  readonly upperFace: Float32Array;
  /** How far the mouth moves: 1 as it was learned, which is timid, for a network that minimises its error keeps to the middle. */
  readonly articulation: number;
  /** How far the expression takes the place of the target's own: 0 leaves the face at rest as the pictures have it, 1 gives it the guide's. */
  readonly intensity: number;
}

/** With this the mouth's spread comes near to that of people. */
export const defaultArticulation = 1.5;
/** The likeliest expression is weaker than the true one: of what guides do the encoder finds about three fifths (`unexplained` in a run's validation). */
export const defaultIntensity = 1.5;

export interface TalkingFrame {
  readonly image: Image;
  /** Model points [L, 2] in crop pixels. */
  readonly points: Float32Array;
  /** ACW weights [m] for each of the model's `weightings`. */
  readonly weights: readonly Float32Array[];
}

/** The leading view is left only for one that fits much better: views of other moments have other backgrounds. */
const leadPreference = 1.5;

const networkNames = ["identity", "expression", "speech", "frame"] as const;

export class TalkingModel {
  readonly contract: DataContract;
  /** Frames that one run of the speech network codes, and the context it needs on either side. */
  readonly speechFrames: number;
  readonly speechContext: number;
  /** Frames of one run of the frame network. */
  readonly frameBatch: number;
  readonly maximumViews: number;
  /** The cross-modal weights that the model tells; none for one without such a weighting. */
  readonly weightings: readonly Weighting[];
  readonly #sessions: Readonly<Record<(typeof networkNames)[number], Session>>;
  /** Speech code of silence [C]. */
  #silence: Float32Array | null = null;

  private constructor(contract: DataContract, sessions: Readonly<Record<(typeof networkNames)[number], Session>>) {
    this.contract = contract;
    this.#sessions = sessions;
    this.maximumViews = shapeOf(sessions.frame, "views")[0] as number;
    this.weightings = weightings.filter(({ output }) => sessions.frame.outputs.some(({ name }) => name === output));
    this.frameBatch = shapeOf(sessions.frame, "speech")[0] as number;
    this.speechFrames = (sessions.speech.outputs[0]?.shape[0] ?? 0) as number;
    this.speechContext = ((shapeOf(sessions.speech, "mel")[2] as number) / columnsPerFrame - this.speechFrames) / 2;
  }

  /** Opens a model folder: digests are checked, the networks made ready. */
  static async open(folder: string, device: Device): Promise<TalkingModel> {
    const { description, networks } = await readModel(folder);
    const open = async (name: string): Promise<Session> => {
      const bytes = networks.get(name);
      if (bytes === undefined) throw new TalkfaceError("bad-model", `${folder}: has no network "${name}", expected ${networkNames.join(", ")}. Install the model again.`);
      return createSession(bytes, { device, where: `${folder}/${name}.onnx` });
    };
    const [identity, expression, speech, frame] = await Promise.all([open("identity"), open("expression"), open("speech"), open("frame")]);
    return new TalkingModel(description.contract, { identity, expression, speech, frame });
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#sessions).map((session) => session.release()));
  }

  /** Encodes the views, best first; more than the model takes are left out. */
  async identity(views: readonly FaceView[]): Promise<Identity> {
    const used = views.slice(0, this.maximumViews);
    const first = used[0];
    if (first === undefined) throw new TalkfaceError("internal", "internal: no identity view");
    const k = this.maximumViews;
    const size = this.contract.size;
    const pictures = new Uint8Array(k * size * size * 3);
    const points = new Float32Array(k * modelPointCount * 2);
    const mask = new Float32Array(k);
    let map: Float32Array | null = null;
    const score = new Float32Array(k);
    const mapShape = shapeOf(this.#sessions.frame, "identity_map");
    for (let i = 0; i < k; i++) {
      const view = used[i] ?? first; // masked places hold the first view, so that nothing is out of range
      pictures.set(view.image.data, i * size * size * 3);
      points.set(planar(view.face.points), i * modelPointCount * 2);
      if (i >= used.length) continue;
      mask[i] = 1;
      const coded = await this.#sessions.identity.run({ view: bytes(view.image.data, [1, size, size, 3]) }, { fetch: ["map", "score"] });
      const own = dataOf(coded, "map");
      map ??= new Float32Array(k * own.length);
      map.set(own, i * own.length);
      score[i] = dataOf(coded, "score")[0] as number;
    }
    const rest = faceAtRest(used.map((view) => view.face));
    const [expression] = (await this.expression([{ image: first.image, shape: rest }])) as [Expression];
    return {
      rest,
      expression,
      pose: first.face.pose,
      feeds: {
        views: bytes(pictures, [k, size, size, 3]),
        view_points: floats(points, [k, modelPointCount, 2]),
        view_mask: floats(mask, [k]),
        view_preference: floats(Float32Array.from({ length: k }, (_, i) => (i === 0 ? leadPreference : 0)), [k]),
        identity_map: floats(map as Float32Array, mapShape),
        identity_score: floats(score, [k]),
        shape: floats(planar(rest), [modelPointCount, 2]),
      },
    };
  }

  /** Expressions of faces, one each. */
  async expression(faces: readonly ExpressiveFace[]): Promise<Expression[]> {
    const [batch, size] = shapeOf(this.#sessions.expression, "guide") as [number, number];
    const length = size * size * 3;
    const found: Expression[] = [];
    for (let start = 0; start < faces.length; start += batch) {
      const pixels = new Uint8Array(batch * length);
      const shapes = new Float32Array(batch * modelPointCount * 2);
      for (let i = 0; i < batch; i++) {
        const { image, shape } = faces[Math.min(start + i, faces.length - 1)] as ExpressiveFace;
        pixels.set(image.data, i * length);
        shapes.set(planar(shape), i * modelPointCount * 2);
      }
      const results = await this.#sessions.expression.run({ guide: bytes(pixels, [batch, size, size, 3]), shape: floats(shapes, shapeOf(this.#sessions.expression, "shape")) });
      const [codes, displacements] = [rows(dataOf(results, "code"), batch), rows(dataOf(results, "displacement"), batch)];
      for (let i = 0; i < Math.min(batch, faces.length - start); i++) found.push({ code: codes[i] as Float32Array, displacement: displacements[i] as Float32Array });
    }
    return found;
  }

  /** Speech codes of `speechFrames` frames from a mel window [M, 4 (frames + 2 context)] (features/speech.ts). */
  async speech(mel: Float32Array): Promise<Float32Array[]> {
    const shape = shapeOf(this.#sessions.speech, "mel");
    return rows(dataOf(await this.#sessions.speech.run({ mel: floats(mel, shape) }), "code"), this.speechFrames);
  }

  async #silenceCode(): Promise<Float32Array> {
    if (this.#silence === null) {
      const shape = shapeOf(this.#sessions.speech, "mel");
      const codes = await this.speech(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(silentColumn));
      this.#silence = codes[codes.length >> 1] as Float32Array;
    }
    return this.#silence;
  }

  /** Draws at most `frameBatch` frames. */
  async frames(identity: Identity, drives: readonly Drive[]): Promise<TalkingFrame[]> {
    const n = this.frameBatch;
    const { size } = this.contract;
    const at = (i: number): Drive => drives[Math.min(i, drives.length - 1)] as Drive;
    const stack = (name: string, value: (drive: Drive) => Float32Array): Tensor => {
      const shape = shapeOf(this.#sessions.frame, name);
      const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
      for (let i = 0; i < n; i++) data.set(value(at(i)), (i * data.length) / n);
      return floats(data, shape);
    };
    const results = await this.#sessions.frame.run(
      {
        ...identity.feeds,
        speech: stack("speech", (d) => d.speech),
        expression: stack("expression", (d) => d.expression.code),
        position: stack("position", (d) => positionVector(d.pose, d.upperFace, size)),
        base: stack("base", (d) => placePoints(moved(identity, d), d.pose)),
        scale: stack("scale", (d) => new Float32Array([d.pose.scale])),
        silence: floats(await this.#silenceCode(), shapeOf(this.#sessions.frame, "silence")),
        articulation: stack("articulation", (d) => new Float32Array([d.articulation])),
      },
      { fetch: ["frame", "points", ...this.weightings.map(({ output }) => output)] },
    );
    const pictures = (results["frame"] as Tensor).data as Uint8Array;
    const points = rows(dataOf(results, "points"), n);
    const weights = this.weightings.map(({ output }) => rows(dataOf(results, output), n));
    const length = size * size * 3;
    return drives.slice(0, n).map((_, i) => ({
      image: { data: pictures.subarray(i * length, (i + 1) * length), width: size, height: size },
      points: points[i] as Float32Array,
      weights: weights.map((of) => of[i] as Float32Array),
    }));
  }
}

/** The face at rest [L, 3] with another expression than its own. */
function moved({ rest, expression: own }: Identity, { expression, intensity }: Drive): Float32Array {
  const out = rest.slice();
  for (let i = 0; i < modelPointCount; i++) {
    for (let axis = 0; axis < 2; axis++) out[3 * i + axis]! += intensity * (expression.displacement[2 * i + axis]! - own.displacement[2 * i + axis]!);
  }
  return out;
}

function shapeOf(session: Session, name: string): readonly number[] {
  const found = session.inputs.find((input) => input.name === name);
  if (found === undefined) throw new TalkfaceError("bad-model", `the model's network has no input "${name}". It was made by another version.`);
  return found.shape as readonly number[];
}

function bytes(data: Uint8Array, shape: readonly number[]): Tensor {
  return { dtype: "uint8", shape, data };
}

function dataOf(results: Readonly<Record<string, Tensor>>, name: string): Float32Array {
  return (results[name] as Tensor).data as Float32Array;
}

function rows(data: Float32Array, count: number): Float32Array[] {
  const width = data.length / count;
  return Array.from({ length: count }, (_, i) => data.slice(i * width, (i + 1) * width));
}
