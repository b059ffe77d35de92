/** Which videos are compared with which: from folders, and from a list. */
import { stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { parseCsv } from "../base/csv.js";
import { fromSystemError, TalkfaceError } from "../base/errors.js";
import { readText } from "../base/files.js";
import { filesBelow, videoExtensions } from "../data/inputs.js";
import type { Plan, Source, Unit, Unpaired } from "./units.js";

/**
 * Made videos of one or more systems against real ones: two videos, or folders whose videos are paired by their path without extension.
 * `real` null: the made ones alone. Throws `usage`, `missing-file`, `bad-data`.
 */
export async function planOfPaths(made: readonly string[], real: string | null): Promise<Plan> {
  const systems = systemNames(made);
  const reals = real === null ? null : await videosAt(real);
  const units: Unit[] = [];
  const unpaired: Unpaired[] = [];
  for (const [i, path] of made.entries()) {
    const own = await videosAt(path);
    if (reals !== null && own.isFolder !== reals.isFolder) throw new TalkfaceError("usage", `${path} and ${real}: expected two videos or two folders.`);
    const system = systems[i]!;
    const isSingle = !own.isFolder;
    for (const name of [...new Set([...own.videos.keys(), ...(isSingle ? [] : (reals?.videos.keys() ?? []))])].sort()) {
      const madePath = own.videos.get(name);
      const realPath = isSingle ? real! : reals?.videos.get(name);
      if (madePath === undefined) unpaired.push({ system, clip: name, problem: `${path} has no video of that name` });
      else if (reals !== null && realPath === undefined) unpaired.push({ system, clip: name, problem: `${real} has no video of that name` });
      else units.push(unitOf(system, name, madePath, reals === null ? null : realPath!, null, null, null));
    }
  }
  if (units.length === 0) throw new TalkfaceError("missing-file", `${made.join(", ")}${real === null ? ": no video found." : ` and ${real}: no video of the one has the name of one of the other.`}`);
  return { systems, units, unpaired };
}

const columns = ["generated", "real", "audio", "identity", "emotion", "system"] as const;

/** A CSV file whose first line names columns: `generated`, `real` and, where wanted, `audio`, `identity`, `emotion` and `system`; paths count from its folder. */
export async function planOfCsv(path: string): Promise<Plan> {
  const [head = [], ...rows] = parseCsv(await readText(path), path);
  const names = head.map((name) => name.trim());
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name));
  if (!names.includes("generated") || unknown.length > 0) {
    throw new TalkfaceError("bad-data", `${path}: expected a first line with the columns ${columns.slice(0, 2).join(" and ")}, and of ${columns.slice(2).join(", ")} those wanted${unknown.length > 0 ? `; got ${unknown.join(", ")}` : ""}.`);
  }
  if (rows.length === 0) throw new TalkfaceError("bad-data", `${path}: lists no pair.`);
  const at = (file: string): string => resolve(dirname(path), file);
  const units = rows.map((fields, i): Unit => {
    if (fields.length !== names.length) throw new TalkfaceError("bad-data", `${path}: row ${i + 1} has ${fields.length} fields, expected ${names.length}.`);
    const field = (name: (typeof columns)[number]): string | null => fields[names.indexOf(name)]?.trim() || null;
    const generated = field("generated");
    if (generated === null) throw new TalkfaceError("bad-data", `${path}: row ${i + 1} has nothing under generated.`);
    const [real, audio] = [field("real"), field("audio")];
    // Clips of several systems are matched by the real video; without one, by their name.
    const clip = withoutExtension(field("system") === null ? generated : (real ?? basename(generated)));
    return unitOf(field("system") ?? "generated", clip, at(generated), real === null ? null : at(real), audio === null ? null : at(audio), field("identity"), field("emotion"));
  });
  const seen = new Set<string>();
  for (const { system, clip } of units) {
    const key = JSON.stringify([system, clip]);
    if (seen.has(key)) throw new TalkfaceError("bad-data", `${path}: ${clip} stands twice${system === "generated" ? "" : ` for ${system}`}. Remove one of the rows.`);
    seen.add(key);
  }
  return { systems: [...new Set(units.map(({ system }) => system))], units, unpaired: [] };
}

function unitOf(system: string, clip: string, made: string, real: string | null, audio: string | null, identity: string | null, emotion: string | null): Unit {
  const file = (path: string): Source => ({ kind: "file", path: resolve(path) });
  return { system, clip, made: file(made), real: real === null ? null : file(real), sound: audio === null ? null : file(audio), identity, emotion };
}

/** Last parts of paths; where two are alike, as much of the paths as tells them apart. */
export function systemNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) => resolve(path).split(sep));
  for (let depth = 1; ; depth++) {
    const names = parts.map((each, i) => {
      const name = each.slice(-depth).join("/");
      return depth === 1 && videoExtensions.has(extname(paths[i]!).toLowerCase()) ? withoutExtension(name) : name;
    });
    if (new Set(names).size === names.length) return names;
    if (depth > Math.max(...parts.map((each) => each.length))) throw new TalkfaceError("usage", `${paths.join(", ")}: one of them is given twice.`);
  }
}

interface Videos {
  readonly isFolder: boolean;
  /** Paths by name. */
  readonly videos: ReadonlyMap<string, string>;
}

async function videosAt(path: string): Promise<Videos> {
  const status = await stat(path).catch((error: unknown) => {
    throw fromSystemError(error, path);
  });
  if (!status.isDirectory()) return { isFolder: false, videos: new Map([[basename(path), path]]) };
  const videos = new Map<string, string>();
  for (const file of await filesBelow(resolve(path))) {
    if (!videoExtensions.has(extname(file).toLowerCase())) continue;
    const name = withoutExtension(relative(resolve(path), file).split(sep).join("/"));
    if (videos.has(name)) throw new TalkfaceError("bad-data", `${join(path, name)}: two videos have this name. Move one of them away.`);
    videos.set(name, file);
  }
  return { isFolder: true, videos };
}

function withoutExtension(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}
