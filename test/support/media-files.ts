/** Media files made on the fly with the real ffmpeg. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { locateFfmpeg } from "../../src/media/ffmpeg.js";

/** A folder for one test file and the function that removes it. */
export function testFolder(name: string): { path: (file: string) => string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), `talkface-${name}-`));
  return { path: (file) => join(folder, file), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs ffmpeg with these arguments and fails loudly. */
export async function runFfmpeg(args: readonly string[]): Promise<void> {
  const { path } = await locateFfmpeg();
  const done = spawnSync(path, ["-v", "error", "-nostdin", "-y", ...args], { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`ffmpeg ${args.join(" ")}: ${done.stderr}`);
}
