/**
 * Mutated videos through preparation: truncated, flipped, wrong extensions, no rate, no sound, no pictures, huge ones, strange names, playlists that name another file.
 * Each is a clip or stands in the ledger; the file that some name is not opened (looked at with strace, where it is installed), and no clip has its pictures.
 * Argument: how many (200).
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { TalkfaceError } from "../src/base/errors.js";
import { readManifest, readRejects } from "../src/data/manifest.js";
import { nodeArguments } from "../test/support/command.js";
import { canarySide, hostileMedia, hostileVideos } from "../test/support/hostile.js";

/** Two hundred take a minute or two. */
const limitSeconds = 900;

/** Throws where a video is in neither list, where the run does not end with status 3 or in time, or where the file that some videos name was opened or seen. */
export async function run([count = "200"]: readonly string[]): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(join(tmpdir(), "talkface-hostile-"));
  try {
    const media = await hostileMedia(folder);
    const { canary } = media;
    const paths = hostileVideos(join(folder, "in"), media, Number(count));
    const out = join(folder, "out");
    const command = [process.execPath, ...nodeArguments(["prep-videos", join(folder, "in"), "--out", out, "--size", "64"])];
    const hasTrace = spawnSync("strace", ["-V"]).status === 0;
    const traced = hasTrace ? ["strace", "-f", "-e", "trace=open,openat", "-o", join(folder, "trace"), ...command] : command;
    const started = performance.now();
    const done = spawnSync(traced[0]!, traced.slice(1), { stdio: ["ignore", "ignore", "inherit"], timeout: limitSeconds * 1000, killSignal: "SIGKILL" });
    const [clips, rejects] = [await readManifest(out), await readRejects(out)];
    const seen = new Set([...clips.map(({ source }) => source.path), ...rejects.map(({ path }) => path)]);
    const searched = paths.filter((path) => !basename(path).startsWith(".")).length;
    const reasons: Record<string, number> = {};
    for (const { reason } of rejects) reasons[reason] = (reasons[reason] ?? 0) + 1;
    process.stdout.write(`rejects: ${Object.entries(reasons).map(([reason, n]) => `${n} ${reason}`).join(", ")}\n`);
    const opened = hasTrace ? readFileSync(join(folder, "trace"), "utf8").split("\n").filter((line) => line.includes(canary)).length : "unknown";
    const shown = clips.filter(({ source }) => source.width === canarySide || source.height === canarySide).map(({ key }) => key);
    const faults = [
      ...(done.status === 3 ? [] : [`status ${done.status ?? `none: it was killed, by the limit of ${limitSeconds} s perhaps`}, expected 3`]),
      ...(seen.size === searched ? [] : [`${seen.size} of ${searched} videos are accounted for`]),
      ...(opened === 0 || opened === "unknown" ? [] : [`the file that some videos name was opened ${opened} times`]),
      ...(shown.length === 0 ? [] : [`its pictures are in ${shown.join(", ")}`]),
    ];
    if (faults.length > 0) throw new TalkfaceError("internal", `bench hostile: ${faults.join("; ")}.`);
    return { videos: paths.length, searched, accounted: seen.size, clips: clips.length, status: done.status ?? "killed", canary_opened: opened, canary_seen: shown.length, seconds: Math.round((performance.now() - started) / 1000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
