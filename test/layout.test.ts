/** The house: floors, sizes, names and what may stand in a file. Read with ARCHITECTURE.md. */
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folder of src -> folders that it may import. */
const floors: Readonly<Record<string, readonly string[]>> = {
  base: [],
  graph: ["base"],
  media: ["base"],
  report: ["base", "media"],
  nn: ["base", "graph"],
  runtime: ["base", "graph"],
  systems: ["base", "graph", "nn"],
  store: ["base", "graph", "nn"],
  face: ["base", "graph", "media", "runtime", "store"],
  features: ["base", "media", "face"],
  metrics: ["base", "media", "face", "graph", "nn", "runtime", "store"],
  data: ["base", "media", "face", "features", "runtime", "store"],
  synth: ["base", "media", "face", "features", "systems", "graph", "nn", "runtime", "store", "report"],
  train: ["base", "media", "face", "features", "systems", "graph", "nn", "runtime", "store", "data", "report"],
  eval: ["base", "media", "face", "features", "systems", "graph", "nn", "runtime", "store", "data", "metrics", "synth", "report"],
  cli: ["base", "media", "face", "features", "systems", "graph", "nn", "runtime", "store", "data", "metrics", "synth", "report", "train", "eval"],
};

/** Package -> the folders of src that alone may import it. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  "onnxruntime-node": ["runtime"],
  child_process: ["media"],
  "fluent-ffmpeg": ["media"],
  sharp: ["media"],
  protobufjs: ["graph"],
  koffi: ["runtime"],
  commander: ["cli"],
  ora: ["base"],
};

const lineLimit = 300;
/** Longer files, each with its reason. */
const longFiles: Readonly<Record<string, string>> = {};

interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

function readTree(folder: string): SourceFile[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(root, path).split(sep).join("/"), text: readFileSync(path, "utf8") }));
}

const sources = readTree("src");
const all = [...sources, ...readTree("test"), ...readTree("bench")];

/** What a file imports, types too. */
function importsOf(text: string): string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, "");
  const patterns = [/^\s*(?:import|export)\s[^"';]*?from\s*"([^"]+)"/gm, /^\s*import\s*"([^"]+)"/gm, /\bimport\(\s*"([^"]+)"\s*\)/g, /\brequire\(\s*"([^"]+)"\s*\)/g];
  return patterns.flatMap((pattern) => [...code.matchAll(pattern)].map((match) => match[1] as string));
}

/** Folder of src that an import of a file in src reaches, or null for a package. */
function folderOf(file: string, specifier: string): string | null {
  if (!specifier.startsWith(".")) return null;
  const parts = file.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts[0] === "src" && parts.length > 2 ? (parts[1] as string) : `outside src: ${parts.join("/")}`;
}

/** Lines of a file at which something stands that must not. */
function offences(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) => text.split("\n").flatMap((line, i) => (pattern.test(line) ? [`${path}:${i + 1}: ${line.trim()}`] : [])));
}

describe("the house", () => {
  test("reads imports of every form", () => {
    expect(importsOf('import a from "a";\nimport {\n  b,\n} from "./b.js";\nexport { c } from "../c.js";\nimport "d";\nconst e = await import("e");\nimport type { F } from "f";')).toEqual(
      expect.arrayContaining(["a", "./b.js", "../c.js", "d", "e", "f"]),
    );
    expect(folderOf("src/media/persona/face.ts", "../../base/errors.js")).toBe("base");
    expect(folderOf("src/media/persona/face.ts", "../image.js")).toBe("media");
  });

  test("a folder imports only the floors below it", () => {
    const wrong = sources.flatMap(({ path, text }) => {
      const own = path.split("/")[1] as string;
      const allowed = floors[own];
      if (allowed === undefined) return [`${path}: src/${own} is on no floor`];
      return importsOf(text).flatMap((specifier) => {
        const folder = folderOf(path, specifier);
        return folder === null || folder === own || allowed.includes(folder) ? [] : [`${path} imports ${specifier} (${folder})`];
      });
    });
    expect(wrong).toEqual([]);
  });

  test("a package is imported only where it is kept", () => {
    const wrong = sources.flatMap(({ path, text }) =>
      importsOf(text).flatMap((specifier) => {
        const folders = keepers[specifier.replace(/^node:/, "")];
        return folders === undefined || folders.includes(path.split("/")[1] as string) ? [] : [`${path} imports ${specifier}`];
      }),
    );
    expect(wrong).toEqual([]);
  });

  test("what is imported is a dependency of the package", () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { dependencies: Record<string, string> };
    const names = sources.flatMap(({ text }) => importsOf(text)).filter((name) => !name.startsWith(".") && !name.startsWith("node:"));
    const packages = new Set(names.map((name) => name.split("/").slice(0, name.startsWith("@") ? 2 : 1).join("/")));
    expect([...packages].filter((name) => !(name in dependencies))).toEqual([]);
  });

  test(`files have at most ${lineLimit} lines`, () => {
    const long = all.filter(({ path, text }) => text.trimEnd().split("\n").length > lineLimit && longFiles[path] === undefined);
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test("names are kebab-case and say what is inside", () => {
    const wrong = all.flatMap(({ path }) => path.split("/").filter((part) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?(\.ts)?$/.test(part) || /^(utils?|helpers?|misc|common)(\.ts)?$/.test(part)));
    expect(wrong).toEqual([]);
  });

  test("exports are named, and nothing only passes on another file", () => {
    expect(offences(sources.filter(({ path }) => !path.endsWith(".d.ts")), /^export (default|\*)/)).toEqual([]);
    expect(sources.filter(({ path }) => /^index\.ts$/.test(basename(path))).map(({ path }) => path)).toEqual([]);
  });

  test("no way round the type checker, nothing left to do", () => {
    const others = all.filter(({ path }) => path !== "test/layout.test.ts");
    expect(offences(others, /@ts-(ignore|nocheck|expect-error)|\bas any\b|: any\s*[;,)=[\]|&{]|<any\b/)).toEqual([]);
    expect(offences(others, /\b(TODO|FIXME|XXX)\b/)).toEqual([]);
  });

  test("no path of somebody's machine", () => {
    const documents = ["README.md", "ARCHITECTURE.md", ".ci/run", "package.json"].map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
    const others = [...all.filter(({ path }) => path !== "test/layout.test.ts"), ...documents];
    expect(offences(others, /(^|[\s"'`=(])(\/(home|root|work|tmp|mnt|opt|Users|var)\/|[A-Z]:\\\\?[A-Za-z])/)).toEqual([]);
  });
});
