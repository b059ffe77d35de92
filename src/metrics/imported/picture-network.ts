/** An imported network that looks at one picture and gives one vector. */
import { TalkfaceError } from "../../base/errors.js";
import { decodeModel, type OnnxModel } from "../../graph/onnx.js";
import { createSession, type Session } from "../../runtime/session.js";
import { floats } from "../../runtime/tensor.js";
import type { Expected } from "../../store/foreign-network.js";

export class PictureNetwork {
  readonly #session: Session;
  readonly #expected: Expected;

  constructor(session: Session, expected: Expected) {
    this.#session = session;
    this.#expected = expected;
  }

  static async open(bytes: Uint8Array, expected: Expected): Promise<PictureNetwork> {
    return new PictureNetwork(await createSession(decodeModel(bytes, expected.name), { where: expected.name }), expected);
  }

  /** The vector [output] of a picture [C,H,W], prepared as the network wants it. Throws `bad-model` where it is not finite or of another size. */
  async run(planes: Float32Array): Promise<Float32Array> {
    const { name, input, output } = this.#expected;
    const [from, to] = [this.#session.inputs[0]!.name, this.#session.outputs[0]!.name];
    const vector = (await this.#session.run({ [from]: floats(planes, input) }))[to]!.data as Float32Array;
    if (vector.length !== output || !vector.every(Number.isFinite)) throw new TalkfaceError("bad-model", `${name} as imported gives ${vector.length} numbers, some of which may not be finite; expected ${output} finite ones. Import it again with --force.`);
    return vector;
  }
}

/** Colours of pixels [side,side,3] as planes [3,side,side]. */
export function planesOf(pixels: Float32Array, side: number): Float32Array {
  const planes = new Float32Array(3 * side * side);
  for (let i = 0; i < side * side; i++) for (let c = 0; c < 3; c++) planes[c * side * side + i] = pixels[3 * i + c]!;
  return planes;
}

/** Runs a network once on an even picture. Throws `bad-model` or `device` where it cannot run or gives something else than it says. */
export async function tryPictureNetwork(model: OnnxModel, expected: Expected, where: string): Promise<void> {
  const session = await createSession(model, { where });
  try {
    await new PictureNetwork(session, expected).run(new Float32Array(expected.input.reduce((a, b) => a * b, 1)));
  } finally {
    await session.release();
  }
}
