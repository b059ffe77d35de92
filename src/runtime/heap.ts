/** The heap of the C library, tuned for training: tensors of many megabytes come and go hundreds of times a step. */
import { createRequire } from "node:module";
import type { load } from "koffi";

/** glibc's numbers for `mallopt`. */
const [trimThreshold, mostMappings] = [-1, -4];

let kept: boolean | undefined;

/**
 * Lets glibc keep what is freed, once for this process. Otherwise it maps every large block anew and the kernel clears its pages: a fifth of a
 * training step. With it, ONNX Runtime's arena, which splits its regions worse, is not needed. False where there is no glibc: nothing has changed.
 */
export function keepFreedMemory(): boolean {
  kept ??= process.platform === "linux" && tuned();
  return kept;
}

function tuned(): boolean {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as { load: typeof load };
    const mallopt = koffi.load("libc.so.6").func("int mallopt(int parameter, int value)");
    return mallopt(mostMappings, 0) === 1 && mallopt(trimThreshold, -1) === 1;
  } catch {
    return false;
  }
}
