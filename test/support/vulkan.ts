/** A Vulkan driver for tests of WebGPU: the machine's own, else the software driver that comes with Chromium. */
import { existsSync } from "node:fs";

const swiftShader = "/usr/lib/chromium/vk_swiftshader_icd.json";

/** Environment in which WebGPU is tried. */
export function vulkanEnvironment(): Record<string, string> {
  const named = process.env["VK_DRIVER_FILES"] ?? process.env["VK_ICD_FILENAMES"];
  return named === undefined && existsSync(swiftShader) ? { VK_ICD_FILENAMES: swiftShader } : {};
}
