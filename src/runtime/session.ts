/** Sessions: create on a device, check the feeds, run, fill state in place or keep it on the device. */
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { Tensor as OrtTensor, type InferenceSession } from "onnxruntime-node";
import { TalkfaceError } from "../base/errors.js";
import { arrayClass } from "../graph/dtype.js";
import { decodeModel, type Dtype, type OnnxModel, type OnnxValueInfo } from "../graph/onnx.js";
import { sizeOf } from "../graph/shape.js";
import { keepFreedMemory } from "./heap.js";
import { openSession, warnOnce, type Device, type Provider } from "./devices.js";
import type { DeviceTensor, Tensor } from "./tensor.js";
import { threadsFor } from "./threads.js";

export interface SessionOptions {
  readonly device?: Device;
  /** Threads inside an operator; by default those of training or of a generator (threads.ts). */
  readonly threads?: number;
  /** A graph with gradients: memory patterns off, which halves the peak at the same speed, and the C library's heap where it does better than the arena (heap.ts). */
  readonly training?: boolean;
  /** Outputs that stay in the device's memory on WebGPU; elsewhere they come back as all others do. */
  readonly keepOnDevice?: readonly string[];
  /** Takes the sentence about nodes that a GPU provider leaves to the CPU; it is a warning otherwise. */
  readonly onFallback?: (sentence: string) => void;
  /** Name of the model in messages. */
  readonly where?: string;
}

export interface RunOptions {
  /** Outputs to compute; all by default. */
  readonly fetch?: readonly string[];
  /**
   * Tensors that are filled with the outputs of their names and returned. One may share its array with a feed only where
   * `provenAliases` (graph/alias.ts) allows it.
   */
  readonly into?: Readonly<Record<string, Tensor>>;
  /** Takes the outputs that stay on the device; the caller releases them. */
  readonly kept?: Map<string, DeviceTensor>;
}

export type Feeds = Readonly<Record<string, Tensor | DeviceTensor>>;

export interface Session {
  readonly provider: Provider;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  /** Names of the outputs that stay on the device. */
  readonly kept: ReadonlySet<string>;
  run(feeds: Feeds, options?: RunOptions): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
}

/** Opens a session. Runs are synchronous inside ONNX Runtime: they hold up the event loop of their thread. */
export async function createSession(model: OnnxModel | Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const { device = "cpu", training = false, where = "model", keepOnDevice = [] } = options;
  const decoded = model instanceof Uint8Array ? decodeModel(model, where) : model;
  const { session, provider } = await openSession({ decoded, bytes: model instanceof Uint8Array ? model : null }, device, {
    options: {
      intraOpNumThreads: options.threads ?? threadsFor(training ? "training" : "generator"),
      interOpNumThreads: 1,
      enableMemPattern: !training,
      enableCpuMemArena: !(training && keepFreedMemory()),
    },
    kept: keepOnDevice,
    onFallback: options.onFallback ?? ((sentence) => warnOnce(`${where}: ${sentence}`)),
  });
  return new OrtSession(session, provider, decoded, where, new Set(provider === "webgpu" ? keepOnDevice : []));
}

class OrtSession implements Session {
  readonly provider: Provider;
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly kept: ReadonlySet<string>;
  readonly #session: InferenceSession;
  readonly #where: string;
  #released = false;

  constructor(session: InferenceSession, provider: Provider, { graph }: OnnxModel, where: string, kept: ReadonlySet<string>) {
    this.#session = session;
    this.provider = provider;
    this.inputs = graph.inputs;
    this.outputs = graph.outputs;
    this.#where = where;
    this.kept = kept;
  }

  async run(feeds: Feeds, { fetch, into = {}, kept }: RunOptions = {}): Promise<Record<string, Tensor>> {
    const wanted = fetch ?? this.outputs.map(({ name }) => name);
    const problems = [
      ...compare("input", this.inputs, feeds, this.inputs.map(({ name }) => name)),
      ...compare("output", this.outputs, into, wanted.filter((name) => name in into)),
      ...Object.keys(into).filter((name) => !wanted.includes(name) && this.outputs.some((y) => y.name === name)).map((name) => `output "${name}" is to be filled but not fetched`),
      ...wanted.filter((name) => !this.outputs.some((y) => y.name === name)).map((name) => `there is no output "${name}" (there are ${this.outputs.map((y) => y.name).join(", ")})`),
    ];
    const staying = wanted.filter((name) => this.kept.has(name));
    problems.push(...staying.filter((name) => kept === undefined || name in into).map((name) => `output "${name}" stays on the device and needs \`kept\``));
    if (this.#released) problems.unshift("the session was released");
    if (problems.length > 0) throw new TalkfaceError("internal", `${this.#where}: cannot run: ${problems.join("; ")}.`);

    const fetches: Record<string, OrtTensor | null> = {};
    for (const name of wanted) fetches[name] = into[name] === undefined ? null : toOrt(into[name]);
    let results: InferenceSession.OnnxValueMapType;
    try {
      results = await this.#session.run(Object.fromEntries(this.inputs.map(({ name }) => [name, toOrt(feeds[name]!)])), fetches);
    } catch (error) {
      throw new TalkfaceError("device", `${this.#where}: failed while running on ${this.provider}: ${(error as Error).message.split("\n")[0]!}`, { cause: error });
    }
    for (const name of staying) kept?.set(name, new OnDevice(results[name] as OrtTensor));
    for (const name of wanted) if (into[name] !== undefined && !this.kept.has(name)) discard(results[name] as OrtTensor, into[name]);
    return Object.fromEntries(wanted.filter((name) => !this.kept.has(name)).map((name) => [name, into[name] ?? fromOrt(results[name] as OrtTensor)]));
  }

  /** Frees the session; later runs are refused, a second release does nothing. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#session.release();
  }
}

class OnDevice implements DeviceTensor {
  readonly location = "device";
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Null once it was released: to use it then would end the process. */
  tensor: OrtTensor | null;

  constructor(tensor: OrtTensor) {
    this.tensor = tensor;
    this.dtype = tensor.type as Dtype;
    this.shape = tensor.dims;
  }

  release(): void {
    this.tensor?.dispose();
    this.tensor = null;
  }
}

/** Nobody reads: what is sent there is freed. */
const nowhere = ((): MessagePort => {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.unref();
  return port1;
})();

/**
 * onnxruntime-node copies every output into an array of its own, those too that it has filled in already. For vectors of
 * weights these copies would lie about until the next collection, so they are freed at once.
 */
function discard({ data }: OrtTensor, filled: Tensor): void {
  if (!Array.isArray(data) && data.buffer instanceof ArrayBuffer && data.buffer !== filled.data.buffer) nowhere.postMessage(null, [data.buffer]);
}

/** Everything that is wrong with tensors given for declared values. */
function compare(what: "input" | "output", declared: readonly OnnxValueInfo[], given: Feeds, required: readonly string[]): string[] {
  const problems: string[] = [];
  const known = new Set(declared.map(({ name }) => name));
  for (const name of Object.keys(given)) if (!known.has(name)) problems.push(`there is no ${what} "${name}" (there are ${[...known].join(", ")})`);
  for (const { name, dtype, shape } of declared) {
    if (!required.includes(name)) continue;
    const tensor = given[name];
    if (tensor === undefined) problems.push(`${what} "${name}" is missing`);
    else if (tensor.dtype !== dtype) problems.push(`${what} "${name}" is ${tensor.dtype}, expected ${dtype}`);
    else if (tensor.shape.length !== shape.length || shape.some((n, i) => typeof n === "number" && n !== tensor.shape[i])) {
      problems.push(`${what} "${name}" has shape [${tensor.shape.join(",")}], expected [${shape.join(",")}]`);
    } else if (tensor instanceof OnDevice) {
      if (tensor.tensor === null) problems.push(`${what} "${name}" was released`);
    } else if (!("data" in tensor)) {
      problems.push(`${what} "${name}" is no tensor of a session`);
    } else if (!(tensor.data instanceof arrayClass(dtype)) || tensor.data.length !== sizeOf(tensor.shape)) {
      problems.push(`${what} "${name}" holds ${tensor.data.length} elements in ${tensor.data.constructor.name}, expected ${sizeOf(tensor.shape)} in ${arrayClass(dtype).name}`);
    }
  }
  return problems;
}

function toOrt(tensor: Tensor | DeviceTensor): OrtTensor {
  if (tensor instanceof OnDevice) return tensor.tensor as OrtTensor;
  const { dtype, shape, data } = tensor as Tensor;
  return new OrtTensor(dtype as OrtTensor.Type, data as OrtTensor.DataTypeMap[OrtTensor.Type], shape);
}

function fromOrt({ type, dims, data }: OrtTensor): Tensor {
  return { dtype: type as Tensor["dtype"], shape: dims, data: data as Tensor["data"] };
}
