/**
 * Three networks of @vladmandic/face-api (MIT) as ONNX models. Input "image" [1,H,W,C=3], RGB 0..255; output "output". Structure after its
 * src/faceFeatureExtractor, src/faceLandmarkNet, src/faceExpressionNet and src/faceRecognitionNet (dlib's ResNet).
 */
import type { OnnxModel } from "../../graph/onnx.js";
import { channelsFirst, outputsFirst, weight, type Weight, type Weights } from "./face-api-weights.js";
import { OnnxWriter } from "./onnx-writer.js";

/** Mean of the training pictures, RGB. */
const meanColour = [122.782, 117.001, 104.298] as const;

const featureSide = 112;
const identitySide = 150;

/** Output [1,136]: x and y of 68 points in the unit square of the picture. */
export function landmarkNet(weights: Weights): OnnxModel {
  return featureNet("landmarks68", weights, 136, (_, logits) => logits);
}

/** Output [1,7]: probabilities. */
export function expressionNet(weights: Weights): OnnxModel {
  return featureNet("expression", weights, 7, (g, logits) => g.node("Softmax", [logits], { axis: 1 }));
}

function featureNet(name: string, weights: Weights, size: number, finish: (g: OnnxWriter, logits: string) => string): OnnxModel {
  const g = new OnnxWriter(name);
  const net = new Builder(g, weights);
  let x = net.prepare(featureSide);
  let side = featureSide;
  for (let i = 0; i < 4; i++) {
    x = net.denseBlock(x, `dense${i}`, side, i === 0);
    side = Math.ceil(side / 2);
  }
  x = g.node("AveragePool", [x], { kernel_shape: [7, 7], strides: [2, 2] });
  x = g.node("Flatten", [g.node("Transpose", [x], { perm: [0, 2, 3, 1] })], { axis: 1 });
  const logits = g.node("Gemm", [x, net.tensor(weight(weights, "fc/weights")), net.tensor(weight(weights, "fc/bias"))]);
  g.output("output", finish(g, logits), [1, size]);
  return g.toModel();
}

/** Output [1,128]: dlib's face descriptor, not normalised. */
export function identityNet(weights: Weights): OnnxModel {
  const g = new OnnxWriter("identity");
  const net = new Builder(g, weights);
  let x: Features = { value: net.prepare(identitySide), side: identitySide, channels: 3 };
  x = net.scaled(x, "conv32_down", { stride: 2, pad: false, relu: true });
  x = { ...x, value: g.node("MaxPool", [x.value], { kernel_shape: [3, 3], strides: [2, 2] }), side: Math.floor((x.side - 3) / 2) + 1 };
  for (const [channels, blocks] of [[32, 3], [64, 3], [128, 2], [256, 2]] as const) {
    if (channels > 32) x = net.residualDown(x, `conv${channels}_down`);
    for (let i = 1; i <= blocks; i++) x = net.residual(x, `conv${channels}_${i}`);
  }
  x = net.residualDown(x, "conv256_down_out");
  const pooled = g.node("ReduceMean", [x.value], { axes: [2, 3], keepdims: 0 });
  g.output("output", g.node("MatMul", [pooled, net.tensor(weight(weights, "fc"))]), [1, 128]);
  return g.toModel();
}

/** A square feature map [1,C,H,W] with H = W = side. */
interface Features {
  readonly value: string;
  readonly side: number;
  readonly channels: number;
}

class Builder {
  readonly #g: OnnxWriter;
  readonly #weights: Weights;

  constructor(g: OnnxWriter, weights: Weights) {
    this.#g = g;
    this.#weights = weights;
  }

  tensor({ values, shape }: Weight): string {
    return this.#g.floats(values, shape);
  }

  /** Input picture -> [1,3,H,W], mean colour subtracted, divided by 255. */
  prepare(side: number): string {
    const g = this.#g;
    const x = g.node("Transpose", [g.input("image", [1, side, side, 3])], { perm: [0, 3, 1, 2] });
    return g.node("Div", [g.node("Sub", [x, g.floats(meanColour, [1, 3, 1, 1])]), g.floats([255])]);
  }

  /** Four convolutions, each seeing the sum of all before it; the first halves the side. */
  denseBlock(x: string, name: string, side: number, plainFirst: boolean): string {
    const g = this.#g;
    const relu = (value: string): string => g.node("Relu", [value]);
    const add = (a: string, b: string): string => g.node("Add", [a, b]);
    const half = Math.ceil(side / 2);
    const first = relu(plainFirst ? this.#plain(x, `${name}/conv0`, side) : this.#separable(x, `${name}/conv0`, side, 2));
    const second = this.#separable(first, `${name}/conv1`, half, 1);
    const third = this.#separable(relu(add(first, second)), `${name}/conv2`, half, 1);
    const fourth = this.#separable(relu(add(first, add(second, third))), `${name}/conv3`, half, 1);
    return relu(add(first, add(second, add(third, fourth))));
  }

  /** dlib's convolution with its per-channel scale and shift folded in. */
  scaled(x: Features, name: string, options: { stride: number; pad: boolean; relu: boolean }): Features {
    const { stride, pad, relu } = options;
    const { shape, values } = outputsFirst(weight(this.#weights, `${name}/conv/filters`));
    const bias = weight(this.#weights, `${name}/conv/bias`).values;
    const scale = weight(this.#weights, `${name}/scale/weights`).values;
    const shift = weight(this.#weights, `${name}/scale/biases`).values;
    const [outputs, , kernel] = shape as readonly [number, number, number, number];
    const each = values.length / outputs;
    const folded = values.map((value, i) => value * scale[Math.floor(i / each)]!);
    const foldedBias = bias.map((value, i) => value * scale[i]! + shift[i]!);
    const y = this.#g.node("Conv", [x.value, this.tensor({ shape, values: folded }), this.#g.floats(foldedBias)], {
      strides: [stride, stride],
      pads: pad ? samePadding(x.side, kernel, stride) : [0, 0, 0, 0],
    });
    const side = pad ? Math.ceil(x.side / stride) : Math.floor((x.side - kernel) / stride) + 1;
    return { value: relu ? this.#g.node("Relu", [y]) : y, side, channels: outputs };
  }

  residual(x: Features, name: string): Features {
    const inner = this.scaled(x, `${name}/conv1`, { stride: 1, pad: true, relu: true });
    const outer = this.scaled(inner, `${name}/conv2`, { stride: 1, pad: true, relu: false });
    return { ...outer, value: this.#g.node("Relu", [this.#g.node("Add", [outer.value, x.value])]) };
  }

  /** Halves the side; the skipped path is pooled and gets zero channels, the other one a zero row and column where it is short of one. */
  residualDown(x: Features, name: string): Features {
    const g = this.#g;
    const inner = this.scaled(x, `${name}/conv1`, { stride: 2, pad: false, relu: true });
    const outer = this.scaled(inner, `${name}/conv2`, { stride: 1, pad: true, relu: false });
    const side = Math.floor((x.side - 2) / 2) + 1;
    const short = side - outer.side;
    let skipped = g.node("AveragePool", [x.value], { kernel_shape: [2, 2], strides: [2, 2] });
    if (outer.channels !== x.channels) skipped = g.node("Pad", [skipped, g.integers([0, 0, 0, 0, 0, outer.channels - x.channels, 0, 0])]);
    const main = short === 0 ? outer.value : g.node("Pad", [outer.value, g.integers([0, 0, 0, 0, 0, 0, short, short])]);
    return { value: g.node("Relu", [g.node("Add", [skipped, main])]), side, channels: outer.channels };
  }

  #plain(x: string, name: string, side: number): string {
    const filters = outputsFirst(weight(this.#weights, `${name}/filters`));
    const bias = weight(this.#weights, `${name}/bias`);
    return this.#g.node("Conv", [x, this.tensor(filters), this.tensor(bias)], { strides: [2, 2], pads: samePadding(side, 3, 2) });
  }

  #separable(x: string, name: string, side: number, stride: number): string {
    const g = this.#g;
    const depthwise = channelsFirst(weight(this.#weights, `${name}/depthwise_filter`));
    const pointwise = outputsFirst(weight(this.#weights, `${name}/pointwise_filter`));
    const bias = weight(this.#weights, `${name}/bias`);
    const spread = g.node("Conv", [x, this.tensor(depthwise)], {
      group: depthwise.shape[0]!,
      strides: [stride, stride],
      pads: samePadding(side, 3, stride),
    });
    return g.node("Conv", [spread, this.tensor(pointwise), this.tensor(bias)]);
  }
}

/** [top, left, bottom, right] of TensorFlow's SAME padding: the odd pixel goes to the bottom and right. */
function samePadding(side: number, kernel: number, stride: number): number[] {
  const total = Math.max(0, (Math.ceil(side / stride) - 1) * stride + kernel - side);
  const before = Math.floor(total / 2);
  return [before, before, total - before, total - before];
}
