/** Why a provider does not work on a machine: what is missing, and the command that mends it. */
import { join, relative } from "node:path";
import { libraryFolder, type Machine } from "./machine.js";

export interface Diagnosis {
  /** One clause without a full stop. */
  readonly missing: string;
  /** What to do, in sentences. */
  readonly remedy: string;
}

/** Files that the postinstall script of onnxruntime-node fetches (.npmrc skips it). */
const cudaProvider = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];

/** Libraries of CUDA 12 and cuDNN 9 that the CUDA provider needs, and the Python wheels that carry them. */
const cudaLibraries: readonly { readonly library: string; readonly wheel: string }[] = [
  { library: "libcudart.so.12", wheel: "nvidia-cuda-runtime-cu12" },
  { library: "libcublasLt.so.12", wheel: "nvidia-cublas-cu12" },
  { library: "libcublas.so.12", wheel: "nvidia-cublas-cu12" },
  { library: "libcurand.so.10", wheel: "nvidia-curand-cu12" },
  { library: "libcufft.so.11", wheel: "nvidia-cufft-cu12" },
  { library: "libcudnn.so.9", wheel: "nvidia-cudnn-cu12" },
];

const cpuInstead = "Or choose --device cpu.";

/** `reason` is what ONNX Runtime says: the answer where nothing is seen to be missing. */
export function whyNoCuda(machine: Machine, reason: string): Diagnosis {
  const { platform, arch } = machine;
  if (platform !== "linux" || arch !== "x64") {
    return { missing: `onnxruntime-node has CUDA for Linux on x64 only, this is ${platform} on ${arch}`, remedy: "Choose --device webgpu or --device cpu." };
  }
  if (!hasNvidiaDriver(machine)) {
    return { missing: "there is no NVIDIA driver (libcuda.so.1 does not load)", remedy: `Install the driver until \`nvidia-smi\` works; a container is started with \`--gpus all\`. ${cpuInstead}` };
  }
  const folder = libraryFolder(machine);
  const files = cudaProvider.filter((file) => !machine.exists(join(folder, file)));
  if (files.length > 0) {
    return { missing: `ONNX Runtime's CUDA provider is not installed (no ${files.join(", ")})`, remedy: `Run \`${installCommand(machine)}\`. ${cpuInstead}` };
  }
  const absent = cudaLibraries.filter(({ library }) => machine.refusal(library) !== null);
  if (absent.length > 0) {
    const names = absent.map(({ library }) => library).join(", ");
    const part = absent.every(({ library }) => library.startsWith("libcudnn")) ? "cuDNN 9 is" : "libraries of CUDA 12 or cuDNN 9 are";
    return { missing: `${part} missing (${names}: not found by the loader)`, remedy: `Where they are installed, name their folder in LD_LIBRARY_PATH before talkface starts. Else run \`${wheelCommand(absent)}\`. ${cpuInstead}` };
  }
  const refusal = cudaProvider.map((file) => machine.refusal(join(folder, file))).find((text) => text !== null);
  return { missing: clause(refusal ?? reason), remedy: `Check the driver with \`nvidia-smi\` and the libraries with \`ldd ${shown(join(folder, cudaProvider[1]!))}\`. ${cpuInstead}` };
}

export function whyNoWebGpu(machine: Machine, reason: string): Diagnosis {
  const { platform, arch } = machine;
  if (platform === "linux" && arch !== "x64") {
    return { missing: `onnxruntime-node has WebGPU on Linux for x64 only, this is ${arch}`, remedy: "Choose --device cpu." };
  }
  if (platform !== "linux") return { missing: clause(withoutSource(reason)), remedy: `Update the graphics driver. ${cpuInstead}` };
  if (machine.refusal("libvulkan.so.1") !== null) {
    return { missing: "there is no Vulkan loader (libvulkan.so.1 does not load)", remedy: `Run \`apt-get install libvulkan1\` or what your system calls it, and install the Vulkan driver of the GPU. ${cpuInstead}` };
  }
  if (!/adapter/i.test(reason)) return { missing: clause(withoutSource(reason)), remedy: cpuInstead };
  const drivers = vulkanDrivers(machine);
  return drivers.length === 0
    ? { missing: "there is no Vulkan driver (the loader finds no driver file, *.json)", remedy: `Install the Vulkan driver of the GPU until \`vulkaninfo --summary\` names it. ${cpuInstead}` }
    : { missing: `no Vulkan driver offers a GPU that WebGPU accepts (drivers: ${drivers.join(", ")})`, remedy: `Update the driver of the GPU; Mesa's software driver is refused when old. VK_DRIVER_FILES may name the file of another driver. ${cpuInstead}` };
}

export function hasNvidiaDriver(machine: Machine): boolean {
  return machine.refusal("libcuda.so.1") === null;
}

/** The command that the README names for a checkout, with the true place of the package. */
export function installCommand({ runtimeFolder }: Machine): string {
  return `node ${shown(join(runtimeFolder, "script", "install.js"))} --onnxruntime-node-install=cuda12`;
}

function wheelCommand(absent: readonly { readonly wheel: string }[]): string {
  const wheels = [...new Set(absent.map(({ wheel }) => wheel))].join(" ");
  return `pip install --target cuda12 ${wheels} && export LD_LIBRARY_PATH="$(printf '%s:' "$PWD"/cuda12/nvidia/*/lib)$LD_LIBRARY_PATH"`;
}

/** Driver files that the Vulkan loader would read. */
function vulkanDrivers(machine: Machine): string[] {
  const named = machine.environment["VK_DRIVER_FILES"] ?? machine.environment["VK_ICD_FILENAMES"];
  if (named !== undefined) return named.split(":").filter((path) => machine.exists(path));
  return ["/etc/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/usr/share/vulkan/icd.d"].flatMap((folder) => machine.list(folder).filter((name) => name.endsWith(".json")));
}

/** A place in ONNX Runtime's sources tells a user nothing. */
function withoutSource(text: string): string {
  return text.replace(/^\S*\.cc:\d+ .* was false\. /, "");
}

function clause(text: string): string {
  return text.trim().replace(/\.$/, "");
}

function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
