import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findInputs, ofOnePerson, splitOf } from "../../src/data/inputs.js";

let root = "";
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "talkface-inputs-"));
  for (const name of ["grid/s1/mpg/bbaf2n.mpg", "grid/s2/mpg/bbaf2n.MPG", "grid/s1/align/bbaf2n.align", "grid/.hidden.mp4", "talk/a b (1).mp4", "talk/a b (1).wav", "talk/ä.mov"]) {
    await mkdir(join(root, name, ".."), { recursive: true });
    await writeFile(join(root, name), name);
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

const people = async (name: string, value: unknown): Promise<string> => {
  await writeFile(join(root, name), JSON.stringify(value));
  return join(root, name);
};

describe("findInputs", () => {
  it("lists files that cannot be opened by their names, for the rejects", async () => {
    const odd = join(root, "odd");
    await mkdir(odd);
    await writeFile(Buffer.concat([Buffer.from(`${odd}/`), Buffer.from([0xff]), Buffer.from(".mp4")]), "x");
    const { inputs } = await findInputs([odd], null);
    expect([...inputs].map(({ source, bytes }) => [source, bytes])).toEqual([["odd/\ufffd.mp4", 0]]);
  });

  it("searches folders for videos, in a fixed order, with keys that WebDataset can hold", async () => {
    const inputs = [...(await findInputs([join(root, "talk"), join(root, "grid")], null)).inputs];
    expect(inputs.map((input) => input.source)).toEqual(["grid/s1/mpg/bbaf2n.mpg", "grid/s2/mpg/bbaf2n.MPG", "talk/a b (1).mp4", "talk/ä.mov"]);
    for (const { stem } of inputs) expect(stem).toMatch(/^[A-Za-z0-9_-]{1,80}$/);
    expect(new Set(inputs.map((input) => input.stem)).size).toBe(4);
    expect(inputs[2]).toMatchObject({ person: "a b (1)", wavPath: join(root, "talk/a b (1).wav"), licence: null });
    expect(inputs[0]).toMatchObject({ wavPath: null, person: "bbaf2n", split: splitOf("bbaf2n") });
  });

  it("takes files as they are and tells equal names apart", async () => {
    const paths = ["grid/s1/mpg/bbaf2n.mpg", "grid/s2/mpg/bbaf2n.MPG", "grid/s1/align/bbaf2n.align"].map((path) => join(root, path));
    const inputs = [...(await findInputs(paths, null)).inputs];
    expect(inputs.length).toBe(3);
    expect(new Set(inputs.map((input) => input.stem)).size).toBe(3);
    expect((await findInputs([paths[0]!, paths[0]!], null)).inputs).toHaveLength(1);
  });

  it("are all of one person where that is said, for training", async () => {
    const inputs = [...ofOnePerson(await findInputs([join(root, "talk"), join(root, "grid")], null), "me").inputs];
    expect(inputs.map(({ person, split }) => `${person} ${split}`)).toEqual(Array(4).fill("me train"));
    expect(new Set(inputs.map(({ stem }) => stem)).size).toBe(4);
  });

  it("reads people from a map of paths or names", async () => {
    const file = await people("map.json", { "grid/s1/mpg/bbaf2n.mpg": { person: "s1", split: "val", labels: { emotion: "sad" } }, ä: "umlaut" });
    const inputs = [...(await findInputs([join(root, "talk"), join(root, "grid")], file)).inputs];
    expect(inputs[0]).toMatchObject({ person: "s1", split: "val", labels: { emotion: "sad" } });
    expect(inputs[1]).toMatchObject({ person: "bbaf2n" });
    expect(inputs[3]).toMatchObject({ person: "umlaut", split: splitOf("umlaut") });
  });

  it("reads people from a list that describes more than videos", async () => {
    const file = await people("list.json", [
      { path: "grid/s2/mpg/bbaf2n.MPG", person: "grid_s2", split: "val", licence: "CC BY 4.0", seconds: 3, sync: "confirmed" },
      { path: "speech/x.flac", person: null, split: null },
    ]);
    const inputs = [...(await findInputs([join(root, "grid")], file)).inputs];
    expect(inputs[1]).toMatchObject({ person: "grid_s2", split: "val", licence: "CC BY 4.0" });
  });

  it("puts about one person in ten into val", () => {
    const val = Array.from({ length: 1000 }, (_, i) => splitOf(`person ${i}`)).filter((split) => split === "val").length;
    expect(val).toBeGreaterThan(60);
    expect(val).toBeLessThan(140);
  });

  it("says what is wrong with paths and people files", async () => {
    await expect(findInputs([join(root, "absent")], null)).rejects.toThrow(/absent: no such file or folder/);
    await expect(findInputs([join(root, "grid/s1/align")], null)).rejects.toThrow(/no video found/);
    await expect(findInputs([join(root, "grid")], await people("bad.json", { a: 5 }))).rejects.toThrow(/bad\.json/);
    await expect(findInputs([join(root, "grid")], await people("split.json", [{ path: "a", person: "b", split: "dev" }]))).rejects.toThrow(/row 1 \(a\).*split/);
    await writeFile(join(root, "torn.json"), "{");
    await expect(findInputs([join(root, "grid")], join(root, "torn.json"))).rejects.toThrow(/torn\.json: not valid JSON/);
  });
});
