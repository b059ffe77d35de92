/** What of GPU computing this machine has: asked of the dynamic loader and of the file system. */
import { existsSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

export interface Machine {
  readonly platform: string;
  readonly arch: string;
  /** Folder of the installed onnxruntime-node. */
  readonly runtimeFolder: string;
  exists(path: string): boolean;
  /** Names in a folder; none where it is missing. */
  list(folder: string): readonly string[];
  /** Why the dynamic loader refuses a shared library, in its own words; null where it loads it. */
  refusal(library: string): string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export const thisMachine: Machine = {
  platform: process.platform,
  arch: process.arch,
  runtimeFolder: dirname(createRequire(import.meta.url).resolve("onnxruntime-node/package.json")),
  exists: existsSync,
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      return [];
    }
  },
  refusal(library) {
    try {
      process.dlopen({ exports: {} }, library);
    } catch (error) {
      const { message } = error as Error;
      // Node loads every library before it finds that this one is no module of its own
      return message.includes("did not self-register") ? null : message;
    }
    return null;
  },
  environment: process.env,
};

/** Where onnxruntime-node keeps its libraries. */
export function libraryFolder({ runtimeFolder, platform, arch }: Machine): string {
  return join(runtimeFolder, "bin", "napi-v6", platform, arch);
}
