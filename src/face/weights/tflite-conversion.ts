/**
 * State of one TFLite -> ONNX conversion: which ONNX value stands for which TFLite tensor, and in which layout. TFLite keeps channels
 * last, ONNX's convolutions want them first; values are transposed only where an operator needs the other form.
 */
import { TalkfaceError } from "../../base/errors.js";
import type { OnnxWriter } from "./onnx-writer.js";
import type { TfliteConstant, TfliteModel, TfliteOperator } from "./tflite.js";

/** "channels-first" is [B,C,H,W]; "as-is" is TFLite's own order of axes. */
type Layout = "channels-first" | "as-is";

export class TfliteConversion {
  readonly writer: OnnxWriter;
  readonly #model: TfliteModel;
  readonly #values = new Map<number, { name: string; layout: Layout }>();
  readonly #constants = new Map<number, TfliteConstant>();

  constructor(model: TfliteModel, writer: OnnxWriter) {
    this.#model = model;
    this.writer = writer;
    model.tensors.forEach(({ constant }, i) => {
      if (constant !== null) this.#constants.set(i, constant);
    });
  }

  shape(tensor: number): readonly number[] {
    return this.#model.tensors[tensor]!.shape;
  }

  /** Shape [B,H,W,C] of a picture-like tensor. */
  pictureShape(tensor: number): readonly [number, number, number, number] {
    const [b, h, w, c] = this.shape(tensor);
    if (b === undefined || h === undefined || w === undefined || c === undefined) throw this.#unexpected(tensor, "is not [B,H,W,C]");
    return [b, h, w, c];
  }

  isConstant(tensor: number): boolean {
    return this.#constants.has(tensor);
  }

  constant(tensor: number): TfliteConstant {
    const constant = this.#constants.get(tensor);
    if (constant === undefined) throw this.#unexpected(tensor, "is no constant");
    return constant;
  }

  /** Declares `output` to hold the same numbers as the constant `input` (widening and densifying happen on reading). */
  aliasConstant(input: number, output: number): void {
    this.#constants.set(output, { values: this.constant(input).values, shape: this.shape(output) });
  }

  set(tensor: number, name: string, layout: Layout): void {
    this.#values.set(tensor, { name, layout });
  }

  /** For elementwise operators: the value in whatever layout it has. */
  any(tensor: number): { name: string; layout: Layout } {
    const value = this.#values.get(tensor);
    if (value === undefined) throw this.#unexpected(tensor, "was not computed before its use");
    return value;
  }

  channelsFirst(tensor: number): string {
    const value = this.any(tensor);
    if (value.layout === "channels-first") return value.name;
    this.pictureShape(tensor);
    const name = this.writer.node("Transpose", [value.name], { perm: [0, 3, 1, 2] });
    this.set(tensor, name, "channels-first"); // later users want it as well
    return name;
  }

  asIs(tensor: number): string {
    const { name, layout } = this.any(tensor);
    return layout === "as-is" ? name : this.writer.node("Transpose", [name], { perm: [0, 2, 3, 1] });
  }

  /** An operator's option table; every operator that has options stores them in these files. */
  options(operator: TfliteOperator): NonNullable<TfliteOperator["options"]> {
    if (operator.options === null) throw new TalkfaceError("internal", `internal: TFLite ${operator.kind} without options.`);
    return operator.options;
  }

  #unexpected(tensor: number, what: string): TalkfaceError {
    return new TalkfaceError("internal", `internal: TFLite tensor "${this.#model.tensors[tensor]?.name ?? tensor}" ${what}.`);
  }
}
