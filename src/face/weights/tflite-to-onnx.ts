/** Rebuilds a TFLite network as a standard ONNX model. */
import { TalkfaceError } from "../../base/errors.js";
import type { OnnxModel } from "../../graph/onnx.js";
import { attentionRules } from "./attention-ops.js";
import { OnnxWriter } from "./onnx-writer.js";
import { TfliteConversion } from "./tflite-conversion.js";
import { standardRules } from "./tflite-ops.js";
import { readTflite } from "./tflite.js";

/**
 * The model has one input "image" in TFLite's layout ([B,H,W,C] float32) and the outputs named by `outputs` (TFLite name -> name here),
 * shaped as in the TFLite file.
 */
export function tfliteToOnnx(bytes: Uint8Array, name: string, outputs: Readonly<Record<string, string>>): OnnxModel {
  const model = readTflite(bytes);
  const writer = new OnnxWriter(name);
  const conversion = new TfliteConversion(model, writer);
  const input = model.inputs[0]!;
  conversion.set(input, writer.input("image", conversion.shape(input)), "as-is");
  for (const operator of model.operators) {
    const rule = standardRules[operator.kind] ?? attentionRules[operator.kind];
    if (rule === undefined) throw new TalkfaceError("internal", `internal: TFLite operator ${operator.kind} is not supported.`);
    rule(operator, conversion);
  }
  for (const tensor of model.outputs) {
    const own = model.tensors[tensor]!.name;
    const wanted = outputs[own];
    if (wanted === undefined) throw new TalkfaceError("internal", `internal: no name given for the output "${own}" of ${name}.`);
    writer.output(wanted, conversion.asIs(tensor), conversion.shape(tensor));
  }
  return writer.toModel();
}
