/**
 * Devices: execution providers of ONNX Runtime, tried one after another by this code, because a list of providers throws
 * as a whole when one of them is missing.
 */
import { env, InferenceSession, Tensor } from "onnxruntime-node";
import { TalkfaceError } from "../base/errors.js";
import { Graph } from "../graph/graph.js";
import { encodeModel } from "../graph/onnx.js";
import { add } from "../graph/ops/arithmetic.js";

export type Device = "auto" | "cpu" | "cuda" | "webgpu";
export type Provider = Exclude<Device, "auto">;

export const devices: readonly Device[] = ["auto", "cpu", "cuda", "webgpu"];

const remedies: Readonly<Record<Provider, string>> = {
  cpu: "Reinstall onnxruntime-node for this platform (npm ci).",
  cuda: "It needs an NVIDIA driver, CUDA 12, cuDNN 9 and ONNX Runtime's CUDA libraries: run `node node_modules/onnxruntime-node/script/install.js` without ONNXRUNTIME_NODE_INSTALL=skip, or choose --device cpu.",
  webgpu: "It needs a GPU with a Vulkan, Metal or Direct3D 12 driver. Choose --device cpu where there is none.",
};

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

/** Opens a session on the first provider that works; `device` error with the remedy when none does. */
export async function openSession(bytes: Uint8Array, device: Device, options: InferenceSession.SessionOptions): Promise<OpenSession> {
  const providers = providersFor(device);
  const failures: string[] = [];
  for (const provider of providers) {
    try {
      return { session: await create(bytes, provider, options), provider };
    } catch (error) {
      const reason = firstLine(error);
      if ((await probeDevice(provider)).available) {
        const remedy = provider === "cpu" ? "" : " Choose --device cpu.";
        throw new TalkfaceError("bad-model", `ONNX Runtime refuses the model on ${provider}: ${reason}.${remedy}`, { cause: error });
      }
      failures.push(`${provider} is not available (${reason}). ${remedies[provider]}`);
    }
  }
  throw new TalkfaceError("device", failures.join(" "));
}

export interface ProbeResult {
  readonly provider: Provider;
  readonly available: boolean;
  /** Why not and what to do; empty where it is available. */
  readonly message: string;
}

/** Creates and runs a tiny graph on a provider: creating alone proves nothing. */
export async function probeDevice(provider: Provider): Promise<ProbeResult> {
  try {
    const session = await create(tinyModel(), provider, {});
    const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(1, 2), [2]) });
    const right = y?.data[0] === 2 && y.data[1] === 4;
    await session.release();
    return right
      ? { provider, available: true, message: "" }
      : { provider, available: false, message: `${provider} computes wrong numbers. Update its driver or choose --device cpu.` };
  } catch (error) {
    return { provider, available: false, message: `${firstLine(error)}. ${remedies[provider]}` };
  }
}

function create(bytes: Uint8Array, provider: Provider, options: InferenceSession.SessionOptions): Promise<InferenceSession> {
  // what goes wrong arrives as an error with our own words; ONNX Runtime would print its own beside it
  env.logLevel = "fatal";
  return InferenceSession.create(bytes, { logSeverityLevel: 4, ...options, executionProviders: [provider] });
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
