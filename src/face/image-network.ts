/** A frozen network that looks at one square cut-out of a picture. */
import type { Affine, FloatWarp } from "../media/transform.js";
import { warpToFloat } from "../media/transform.js";
import type { Image } from "../media/image.js";
import { createSession, type Session } from "../runtime/session.js";
import { threadsFor } from "../runtime/threads.js";
import { TalkfaceError } from "../base/errors.js";
import { loadFaceNetwork, type FaceNetwork } from "./networks.js";

export type NetworkOutputs = (name: string) => Float32Array;

export class ImageNetwork {
  readonly side: number;
  readonly #session: Session;
  readonly #input: Float32Array;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(session: Session, side: number) {
    this.#session = session;
    this.side = side;
    this.#input = new Float32Array(side * side * 3);
  }

  static async open(name: FaceNetwork): Promise<ImageNetwork> {
    const model = loadFaceNetwork(name);
    const side = model.graph.inputs[0]?.shape[1];
    if (typeof side !== "number") throw new TalkfaceError("internal", `internal: the network ${name} has no fixed input size.`);
    return new ImageNetwork(await createSession(model, { threads: threadsFor("face"), where: `face network ${name}` }), side);
  }

  /** Samples `image` through `toSource` (cut-out -> picture pixels) and runs the network on it; gives its outputs by name. */
  run(image: Image, toSource: Affine, sampling: Omit<FloatWarp, "out">): Promise<NetworkOutputs> {
    // The input buffer is shared by all runs, so runs of concurrent callers take turns.
    const result = this.#turn.then(() => this.#run(image, toSource, sampling));
    this.#turn = result.catch(() => undefined);
    return result;
  }

  async #run(image: Image, toSource: Affine, sampling: Omit<FloatWarp, "out">): Promise<NetworkOutputs> {
    const { side } = this;
    const data = warpToFloat(image, toSource, side, side, { ...sampling, out: this.#input });
    const outputs = await this.#session.run({ image: { dtype: "float32", shape: [1, side, side, 3], data } });
    return (name) => {
      const values = outputs[name]?.data;
      if (!(values instanceof Float32Array)) throw new TalkfaceError("internal", `internal: the face network has no output "${name}".`);
      return values;
    };
  }
}
