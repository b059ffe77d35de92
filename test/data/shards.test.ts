import { execFileSync, spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ShardReader } from "../../src/data/shard-reader.js";
import { archiveBytes, endBytes, ShardWriter, type Extent } from "../../src/data/shard-writer.js";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "talkface-shards-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const members = [
  { name: "a-000.000.jpg", data: Buffer.from("first picture") },
  { name: "a-000.wav", data: Buffer.alloc(0) },
  { name: "a-000.mesh.npy", data: Buffer.alloc(512, 7) },
  { name: "a-000.json", data: Buffer.alloc(100_000, "x") },
];

async function write(path: string): Promise<Extent[]> {
  const writer = await ShardWriter.create(path);
  const extents: Extent[] = [];
  for (const member of members) extents.push(await writer.add(member));
  await writer.finish();
  return extents;
}

describe("shards", () => {
  it("are read by plain tar", async (context) => {
    if (spawnSync("tar", ["--version"]).status !== 0) context.skip("no tar on this machine");
    await write(join(folder, "plain.tar"));
    const names = execFileSync("tar", ["-tf", join(folder, "plain.tar")], { encoding: "utf8" }).trim().split("\n");
    expect(names).toEqual(members.map((member) => member.name));
    for (const member of members) {
      expect(execFileSync("tar", ["-xOf", join(folder, "plain.tar"), member.name], { maxBuffer: 1e6 }).equals(member.data)).toBe(true);
    }
  });

  it("give members by byte offset and have the foretold size", async () => {
    const path = join(folder, "offsets.tar");
    const extents = await write(path);
    for (const whole of [false, true]) {
      const reader = new ShardReader(path);
      if (whole) await reader.load();
      for (const i of [3, 0, 2, 1]) {
        const bytes = await reader.read(members[i]!.name, extents[i]!);
        expect(Buffer.from(bytes).equals(members[i]!.data)).toBe(true);
      }
      await reader.close();
    }
    expect((await readFile(path)).length).toBe(archiveBytes(members.map((member) => member.data.length)) + endBytes);
  });

  it("are the same bytes each time, with no trace of time or user", async () => {
    await write(join(folder, "one.tar"));
    await write(join(folder, "two.tar"));
    expect((await readFile(join(folder, "one.tar"))).equals(await readFile(join(folder, "two.tar")))).toBe(true);
  });

  it("leave nothing behind when given up, and nothing visible before they are whole", async () => {
    const inner = await mkdtemp(join(folder, "atomic-"));
    const writer = await ShardWriter.create(join(inner, "x.tar"));
    await writer.add(members[0]!);
    expect((await readdir(inner)).filter((name) => !name.startsWith("."))).toEqual([]);
    await writer.abort();
    expect(await readdir(inner)).toEqual([]);
  });

  it("refuse names that tar would bend", async () => {
    const writer = await ShardWriter.create(join(folder, "names.tar"));
    await expect(writer.add({ name: "k".repeat(101), data: Buffer.alloc(1) })).rejects.toThrow(/cannot be a member's name/);
    await expect(writer.add({ name: "ä.jpg", data: Buffer.alloc(1) })).rejects.toThrow(/cannot be a member's name/);
    await writer.abort();
  });

  it("say it when they are damaged, foreign or missing", async () => {
    const path = join(folder, "damaged.tar");
    const extents = await write(path);
    await truncate(path, extents[3]!.offset + 10);
    for (const whole of [false, true]) {
      const reader = new ShardReader(path);
      if (whole) await reader.load();
      await expect(reader.read("a-000.json", extents[3]!)).rejects.toThrow(/damaged\.tar: the file ends within a-000\.json/);
      await expect(reader.read("b-000.000.jpg", extents[0]!)).rejects.toThrow(/expected b-000\.000\.jpg of 13 bytes at byte 512, got "a-000\.000\.jpg"/);
      await expect(reader.read("a-000.000.jpg", { offset: 0, size: 13 })).rejects.toThrow(/cannot stand at byte 0/);
      await reader.close();
    }
    await writeFile(join(folder, "text.tar"), "I am a text file ".repeat(100));
    const text = new ShardReader(join(folder, "text.tar"));
    await expect(text.read("a-000.000.jpg", extents[0]!)).rejects.toThrow(/expected a-000\.000\.jpg/);
    await text.close();
    await expect(new ShardReader(join(folder, "absent.tar")).read("a", { offset: 512, size: 1 })).rejects.toThrow(/no such file/);
  });
});
