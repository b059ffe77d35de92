/**
 * SIGKILL during one preparation: a run over rendered clips is killed again and again, each time at another moment, and continued; at the end its folder is compared,
 * file by file, with that of a run that nobody disturbed. Moments are numbers of changes in the folder, drawn from the seed, and up to 50 ms after: three of four anywhere,
 * the others, up to 5 ms after, while the clips are put together. A run that is through before its moment is compared, and what kills are left disturb another one. Arguments: kills (20), seed (1).
 */
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as after } from "node:timers/promises";
import { TalkfaceError } from "../src/base/errors.js";
import { sha256 } from "../src/base/files.js";
import { Random } from "../src/base/random.js";
import { planClips, writePersonaClip } from "../src/media/persona/clips.js";
import { startTalkface } from "../test/support/command.js";

const people = 4;
/** Videos for each kill, so that there is always something left to do. */
const videosPerKill = 2;
const latestMs = 50;
/** Putting together is over within some ten milliseconds. */
const latestAssemblingMs = 5;

interface Moment {
  /** Only changes outside of the staging folder count: the clips are being put together. */
  readonly assembling: boolean;
  readonly changes: number;
  readonly ms: number;
}

/** Throws where a run ends with another status than 3, or where the folders differ. */
export async function run([kills = "20", seed = "1"]: readonly string[]): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(join(tmpdir(), "talkface-kill-"));
  try {
    const started = performance.now();
    const videos = Number(kills) * videosPerKill;
    await writeVideos(join(folder, "in"), videos);
    const [whole, killed] = [join(folder, "whole"), join(folder, "killed")];
    const undisturbed = await prepare(join(folder, "in"), whole, null);
    requireDone(undisturbed);
    const random = new Random(Number(seed));
    let [done, ended] = [0, 0];
    while (done < Number(kills)) {
      const assembling = done >= Math.ceil(0.75 * Number(kills));
      // the changes of half a kill's share of the videos on average, or of half the last stage: what a killed run had begun is begun again by the next one
      const most = assembling ? undisturbed.changes.outside / 2 : undisturbed.changes.all / Number(kills);
      const moment = { assembling, changes: 1 + random.integer(Math.max(1, Math.floor(most))), ms: random.integer(assembling ? latestAssemblingMs : latestMs) };
      const run = await prepare(join(folder, "in"), killed, moment);
      if (run.signal === "SIGKILL") {
        done++;
        process.stdout.write(`kill ${done}: after ${moment.changes} changes and ${moment.ms} ms${assembling ? " of putting together" : ""}; ${recordsOf(killed)}\n`);
        continue;
      }
      requireDone(run);
      requireSame(whole, killed);
      rmSync(killed, { recursive: true });
      if (++ended > Number(kills)) throw new TalkfaceError("internal", `bench kill: ${ended} runs were through before their moment; the machine is too fast for it.`);
    }
    requireDone(await prepare(join(folder, "in"), killed, null));
    return { kills: done, seed: Number(seed), videos, runs: ended + 1, files: requireSame(whole, killed), identical: 1, seconds: Math.round((performance.now() - started) / 1000) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Copies of a few personas' clips, and one that is cut off, so that there are rejects. */
async function writeVideos(folder: string, count: number): Promise<void> {
  mkdirSync(folder);
  const clips = planClips(people, 600, 1.2, 96, ["neutral"]);
  for (const [i, clip] of clips.entries()) await writePersonaClip(join(folder, `../p${i}`), clip, { force: false });
  for (let i = 0; i < count - 1; i++) copyFileSync(join(folder, `../p${i % people}.mp4`), join(folder, `clip${i}.mp4`));
  const bytes = readFileSync(join(folder, "../p0.mp4"));
  writeFileSync(join(folder, "torn.mp4"), bytes.subarray(0, bytes.length >> 1));
}

interface Run {
  readonly status: number | null;
  readonly signal: string | null;
  readonly errors: string;
  /** Changes that were seen in the folder. */
  readonly changes: { all: number; outside: number };
}

/** Prepares `input` into `out` to the end, or until `moment`. Ffmpeg is killed with it: they are one process group. */
async function prepare(input: string, out: string, moment: Moment | null): Promise<Run> {
  mkdirSync(out, { recursive: true });
  const changes = { all: 0, outside: 0 };
  const reached = new AbortController();
  const watcher = watch(out, { recursive: true }, (_, name) => {
    changes.all++;
    if (name !== null && !name.startsWith(".staging")) changes.outside++;
    if (moment !== null && (moment.assembling ? changes.outside : changes.all) >= moment.changes) reached.abort();
  });
  const child = startTalkface(["prep-videos", input, "--out", out, "--size", "64", "--jobs", "2"]);
  child.stdout!.resume();
  const errors: Buffer[] = [];
  child.stderr!.on("data", (data: Buffer) => errors.push(data));
  const closed = once(child, "close");
  await Promise.race([closed, once(reached.signal, "abort")]);
  if (moment !== null && reached.signal.aborted) {
    await after(moment.ms);
    if (child.exitCode === null) process.kill(-child.pid!, "SIGKILL");
  }
  await closed;
  watcher.close();
  return { status: child.exitCode, signal: child.signalCode, errors: Buffer.concat(errors).toString(), changes };
}

/** Compares two folders file by file; returns how many there are. */
function requireSame(whole: string, killed: string): number {
  const [wanted, got] = [digestsOf(whole), digestsOf(killed)];
  const differing = [...new Set([...wanted.keys(), ...got.keys()])].filter((name) => wanted.get(name) !== got.get(name));
  if (differing.length > 0) throw new TalkfaceError("internal", `bench kill: ${differing.join(", ")} of a run that was killed differ from those of an undisturbed run.`);
  return wanted.size;
}

/** One video is torn, so a whole run ends with rejects. */
function requireDone({ status, signal, errors }: Run): void {
  if (status !== 3) throw new TalkfaceError("internal", `bench kill: status ${status ?? signal}, expected 3; ${errors}`);
}

/** How far a killed run has come. */
function recordsOf(out: string): string {
  const names = readdirSync(out, { recursive: true, encoding: "utf8" });
  const staged = names.filter((name) => /[0-9a-f]{16}\.json$/.test(name)).length;
  return `${staged} videos staged, ${names.filter((name) => name.endsWith(".part")).length} files half written`;
}

/** SHA-256 of every file below a folder, hidden ones too. */
function digestsOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" }).sort();
  return new Map(names.map((name) => [name, statSync(join(folder, name)).isFile() ? sha256(readFileSync(join(folder, name))) : "a folder"]));
}
