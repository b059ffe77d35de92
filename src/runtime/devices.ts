/**
 * Devices: execution providers of ONNX Runtime, tried one after another by this code, because a list of providers throws
 * as a whole when one of them is missing.
 */
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { TalkfaceError } from "../base/errors.js";
import { jobPlace } from "../base/job-place.js";
import { warn } from "../base/log.js";
import { forWebGpu } from "../graph/for-webgpu.js";
import { Graph } from "../graph/graph.js";
import { encodeModel, type OnnxModel } from "../graph/onnx.js";
import { add } from "../graph/ops/arithmetic.js";
import { hasNvidiaDriver, whyNoCuda, whyNoWebGpu, type Diagnosis } from "./diagnosis.js";
import { describeFallback } from "./kernels/unsupported.js";
import { type Machine, thisMachine } from "./machine.js";

export type Device = "auto" | "cpu" | "cuda" | "webgpu";
export type Provider = Exclude<Device, "auto">;
export type GpuProvider = Exclude<Provider, "cpu">;

export const devices: readonly Device[] = ["auto", "cpu", "cuda", "webgpu"];

/** Providers to try for a device, in order. WebGPU is experimental, so `auto` leaves it out: it runs only when asked for. */
export function providersFor(device: Device): readonly Provider[] {
  return device === "auto" ? ["cuda", "cpu"] : [device];
}

/** Text from the command line as a device. */
export function parseDevice(text: string): Device {
  const device = devices.find((d) => d === text);
  if (device === undefined) throw new TalkfaceError("usage", `--device ${text}: expected one of ${devices.join(", ")}.`);
  return device;
}

export interface OpenSession {
  readonly session: InferenceSession;
  readonly provider: Provider;
}

/** A model on its way to a session, and the bytes that it came as, if it did. */
export interface ModelSource {
  readonly decoded: OnnxModel;
  readonly bytes: Uint8Array | null;
}

export interface OpenOptions {
  readonly options: InferenceSession.SessionOptions;
  /** Outputs that stay on a WebGPU device. */
  readonly kept: readonly string[];
  /** Told which nodes a GPU leaves to the CPU. */
  readonly onFallback: (sentence: string) => void;
}

/** Opens a session on the first provider that works; `device` error with the remedy when none does. */
export async function openSession(model: ModelSource, device: Device, options: OpenOptions): Promise<OpenSession> {
  const failures: string[] = [];
  for (const provider of providersFor(device)) {
    try {
      const session = await createOn(provider, model, options);
      if (failures.length > 0) warnOfUnusedDriver(failures[0]!);
      return { session, provider };
    } catch (error) {
      if (error instanceof TalkfaceError) throw error;
      const { available, missing, remedy } = await probeDevice(provider);
      if (available) {
        const way = provider === "cpu" ? "" : " Choose --device cpu.";
        throw new TalkfaceError("bad-model", `ONNX Runtime refuses the model on ${provider}: ${firstLine(error)}.${way}`, { cause: error });
      }
      failures.push(`${provider} is not available: ${missing}. ${remedy}`);
    }
  }
  throw new TalkfaceError("device", failures.join(" "));
}

/** On a GPU first with the demand that no node runs on the CPU; what fails that demand runs all the same, and is named. */
async function createOn(provider: Provider, { decoded, bytes }: ModelSource, { options, kept, onFallback }: OpenOptions): Promise<InferenceSession> {
  if (provider === "cpu") return create(bytes ?? encodeModel(decoded), provider, options);
  const model = provider === "webgpu" ? forWebGpu(decoded) : decoded;
  const own = model === decoded && bytes !== null ? bytes : encodeModel(model);
  const locations = provider === "webgpu" && kept.length > 0 ? { preferredOutputLocation: outputLocations(model, kept) } : {};
  try {
    return await create(own, provider, { ...options, ...locations, extra: gpuOnly });
  } catch {
    const session = await create(own, provider, { ...options, ...locations });
    onFallback(describeFallback(model, provider));
    return session;
  }
}

/** Session settings with which creating fails where a node would run on the CPU. */
export const gpuOnly = { session: { disable_cpu_ep_fallback: "1" } } as const;

function outputLocations(model: OnnxModel, kept: readonly string[]): Record<string, "gpu-buffer" | "cpu"> {
  return Object.fromEntries(model.graph.outputs.map(({ name }) => [name, kept.includes(name) ? "gpu-buffer" : "cpu"]));
}

/** `auto` without CUDA is no surprise where there is no NVIDIA driver; where there is one, somebody waits for it. */
function warnOfUnusedDriver(failure: string): void {
  if (hasNvidiaDriver(thisMachine)) warnOnce(`${failure} Until then the CPU is used.`);
}

const said = new Set<string>();

/** A warning of which the second is no news. */
export function warnOnce(text: string): void {
  if (said.has(text)) return;
  said.add(text);
  warn(text);
}

export interface ProbeResult extends Diagnosis {
  readonly provider: Provider;
  readonly available: boolean;
}

/** Creates and runs a tiny graph on a provider: creating alone proves nothing. What is missing is empty where it works. */
export async function probeDevice(provider: Provider): Promise<ProbeResult> {
  try {
    const session = await create(tinyModel(), provider, {});
    const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(1, 2), [2]) });
    const isRight = y?.data[0] === 2 && y.data[1] === 4;
    await session.release();
    return isRight
      ? { provider, available: true, missing: "", remedy: "" }
      : { provider, available: false, missing: `${provider} computes wrong numbers`, remedy: "Update its driver or choose --device cpu." };
  } catch (error) {
    return { provider, available: false, ...diagnose(provider, firstLine(error)) };
  }
}

function diagnose(provider: Provider, reason: string): Diagnosis {
  if (provider === "cuda") return whyNoCuda(thisMachine, reason);
  if (provider === "webgpu") return whyNoWebGpu(thisMachine, reason);
  return { missing: reason, remedy: "Reinstall onnxruntime-node for this platform (npm ci)." };
}

function create(bytes: Uint8Array, provider: Provider, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  // what goes wrong arrives as an error with our own words; ONNX Runtime would print its own beside it
  env.logLevel = "fatal";
  const place = jobPlace();
  const chosen = provider === "cuda" && place !== null ? { name: provider, deviceId: gpuOfRank(place.localRank, thisMachine) } : provider;
  return InferenceSession.create(bytes, { logSeverityLevel: 4, ...options, executionProviders: [chosen] });
}

/** Number of the GPU of a rank: those on one machine take its GPUs in turn, of those that CUDA_VISIBLE_DEVICES leaves them. */
export function gpuOfRank(localRank: number, { environment, list }: Pick<Machine, "environment" | "list">): number {
  const visible = environment["CUDA_VISIBLE_DEVICES"]?.split(",") ?? list("/dev").filter((name) => /^nvidia\d+$/.test(name));
  return localRank % Math.max(1, visible.length);
}

function tinyModel(): Uint8Array {
  const graph = new Graph("probe");
  const x = graph.input("x", [2]);
  graph.output("y", add(x, x));
  return encodeModel(graph.toModel());
}

function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split("\n")[0]!.trim().replace(/\.$/, "");
}
