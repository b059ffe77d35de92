/** What is said where a GPU does not work: on machines described here, and on this one. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { installCommand, whyNoCuda, whyNoWebGpu } from "../../src/runtime/diagnosis.js";
import { libraryFolder, thisMachine, type Machine } from "../../src/runtime/machine.js";

interface Parts {
  readonly platform?: string;
  readonly arch?: string;
  /** Libraries that are there and load. */
  readonly libraries?: readonly string[];
  /** Files that are there; what is only here does not load. */
  readonly files?: readonly string[];
  readonly drivers?: readonly string[];
  readonly environment?: Record<string, string>;
}

function machine({ platform = "linux", arch = "x64", libraries = [], files = [], drivers = [], environment = {} }: Parts): Machine {
  const names = (list: readonly string[], path: string): boolean => list.some((name) => path.endsWith(name));
  return {
    platform,
    arch,
    runtimeFolder: "node_modules/onnxruntime-node",
    exists: (path) => names([...files, ...libraries], path),
    list: (folder) => (folder.startsWith("/usr/share") ? drivers : []),
    refusal: (library) => (names(libraries, library) ? null : `${library}: cannot open shared object file`),
    environment,
  };
}

const provider = ["libonnxruntime_providers_shared.so", "libonnxruntime_providers_cuda.so"];
const cuda12 = ["libcudart.so.12", "libcublasLt.so.12", "libcublas.so.12", "libcurand.so.10", "libcufft.so.11"];

describe("CUDA", () => {
  test.each<[string, Parts, RegExp, RegExp]>([
    ["another system", { platform: "darwin", arch: "arm64" }, /for Linux on x64 only, this is darwin on arm64/, /--device webgpu/],
    ["no driver", {}, /no NVIDIA driver \(libcuda\.so\.1/, /nvidia-smi.*--gpus all/],
    ["no provider", { libraries: ["libcuda.so.1"] }, /not installed \(no libonnxruntime_providers_shared\.so, libonnxruntime_providers_cuda\.so\)/, /Run `node node_modules\/onnxruntime-node\/script\/install\.js --onnxruntime-node-install=cuda12`/],
    ["no CUDA 12", { libraries: ["libcuda.so.1", "libcudnn.so.9", ...provider] }, /CUDA 12 or cuDNN 9 are missing \(libcudart\.so\.12, /, /LD_LIBRARY_PATH.*pip install --target cuda12 nvidia-cuda-runtime-cu12 nvidia-cublas-cu12 nvidia-curand-cu12 nvidia-cufft-cu12 &&/],
    ["no cuDNN", { libraries: ["libcuda.so.1", ...cuda12, ...provider] }, /^cuDNN 9 is missing \(libcudnn\.so\.9/, /pip install --target cuda12 nvidia-cudnn-cu12 &&/],
    ["a provider that does not load", { libraries: ["libcuda.so.1", "libcudnn.so.9", ...cuda12, provider[0]!], files: [provider[1]!] }, /libonnxruntime_providers_cuda\.so: cannot open/, /ldd node_modules/],
    ["all there", { libraries: ["libcuda.so.1", "libcudnn.so.9", ...cuda12, ...provider] }, /^CUDA failure 35$/, /nvidia-smi/],
  ])("%s", (_name, parts, missing, remedy) => {
    const diagnosis = whyNoCuda(machine(parts), "CUDA failure 35.");
    expect(diagnosis.missing).toMatch(missing);
    expect(diagnosis.remedy).toMatch(remedy);
    expect(diagnosis.remedy).toMatch(/--device cpu\.$/);
  });

  test("the README names the same command, and .npmrc skips what it fetches", () => {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const read = (name: string): string => readFileSync(join(root, name), "utf8");
    expect(read("README.md").split("\n")).toContain(installCommand(machine({})));
    expect(read(".npmrc")).toContain("onnxruntime-node-install=skip");
    expect(thisMachine.exists(join(thisMachine.runtimeFolder, "script", "install.js"))).toBe(true);
  });
});

describe("WebGPU", () => {
  const noAdapter = "/onnxruntime_src/core/webgpu_context.cc:136 onnxruntime::webgpu::WebGpuContext::Initialize() status == Success was false. Failed to get a WebGPU adapter: No supported adapters";

  test.each<[string, Parts, string, RegExp, RegExp]>([
    ["Linux on ARM", { arch: "arm64" }, noAdapter, /WebGPU on Linux for x64 only, this is arm64/, /--device cpu/],
    ["no loader", {}, noAdapter, /no Vulkan loader \(libvulkan\.so\.1/, /apt-get install libvulkan1/],
    ["no driver", { libraries: ["libvulkan.so.1"] }, noAdapter, /no Vulkan driver \(the loader finds no driver file/, /vulkaninfo/],
    ["a driver that is refused", { libraries: ["libvulkan.so.1"], drivers: ["lvp_icd.json"] }, noAdapter, /drivers: lvp_icd\.json/, /VK_DRIVER_FILES/],
    ["a driver that is named", { libraries: ["libvulkan.so.1"], files: ["mine.json"], environment: { VK_ICD_FILENAMES: "mine.json:gone.json" } }, noAdapter, /drivers: mine\.json\)/, /VK_DRIVER_FILES/],
    ["something else", { libraries: ["libvulkan.so.1"] }, "Device lost", /^Device lost$/, /--device cpu/],
    ["another system", { platform: "darwin" }, noAdapter, /^Failed to get a WebGPU adapter: No supported adapters$/, /graphics driver/],
  ])("%s", (_name, parts, reason, missing, remedy) => {
    const diagnosis = whyNoWebGpu(machine(parts), reason);
    expect(diagnosis.missing).toMatch(missing);
    expect(diagnosis.remedy).toMatch(remedy);
  });
});

describe.runIf(process.platform === "linux")("this machine", () => {
  test("the loader is asked, which knows more than the file system", () => {
    expect(thisMachine.refusal("libc.so.6")).toBeNull();
    expect(thisMachine.refusal("libno-such-thing.so.1")).toContain("cannot open shared object file");
    const folder = mkdtempSync(join(tmpdir(), "talkface-library-"));
    const broken = join(folder, "libbroken.so");
    writeFileSync(broken, "no library");
    expect(thisMachine.refusal(broken)).not.toBeNull();
    rmSync(folder, { recursive: true });
    expect(thisMachine.list(folder)).toEqual([]);
    expect(thisMachine.exists(libraryFolder(thisMachine))).toBe(true);
  });
});
