import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { AtomicText } from "../../src/base/files.js";

const folder = mkdtempSync(join(tmpdir(), "talkface-atomic-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a text of many pieces stands at its path when it is whole, and not before", async () => {
  const path = join(folder, "deep/lines.jsonl");
  const text = await AtomicText.create(path);
  const lines = Array.from({ length: 5000 }, (_, i) => `${JSON.stringify({ i, word: "ü".repeat(i % 200) })}\n`);
  for (const line of lines) await text.write(line);
  expect(readdirSync(join(folder, "deep")).map((name) => name.startsWith("."))).toEqual([true]);
  await text.finish();
  expect(readdirSync(join(folder, "deep"))).toEqual(["lines.jsonl"]);
  expect(readFileSync(path, "utf8")).toBe(lines.join(""));
});

it("an aborted text leaves what was there", async () => {
  const path = join(folder, "kept.txt");
  writeFileSync(path, "before");
  const text = await AtomicText.create(path);
  await text.write("x".repeat(1_000_000));
  await text.abort();
  expect(readFileSync(path, "utf8")).toBe("before");
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

it("where it cannot stand the failure names the path", async () => {
  mkdirSync(join(folder, "taken"));
  const text = await AtomicText.create(join(folder, "taken"));
  await text.write("a");
  await expect(text.finish()).rejects.toThrow(join(folder, "taken"));
  await text.abort();
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});
