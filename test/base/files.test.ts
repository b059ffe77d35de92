/** Reading what users name: only plain files are opened, because a device or a pipe may never end. */
import { constants } from "node:buffer";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { AtomicText, eachJsonLine, readBytes, readJsonLines, readText, requireFile, sha256File, writeAtomic } from "../../src/base/files.js";
import { ShardReader } from "../../src/data/shard-reader.js";
import { requireMediaFile } from "../../src/media/ffmpeg.js";
import { readImage } from "../../src/media/image.js";
import { readForeignNetwork } from "../../src/store/foreign-network.js";
import { readTorchFile } from "../../src/store/torch-file.js";
import { runTalkface } from "../support/command.js";

const folder = mkdtempSync(join(tmpdir(), "talkface-files-"));
const [pipe, plain] = [join(folder, "pipe.mp4"), join(folder, "plain")];
execFileSync("mkfifo", [pipe]);
writeFileSync(plain, "text");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const network = { name: "any", input: [1, 3, 8, 8], output: 4 } as const;
const readers: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  readBytes, readText, sha256File, requireMediaFile, readImage, readTorchFile,
  shard: (path) => new ShardReader(path).read("a.jpg", { offset: 512, size: 1 }),
  readForeignNetwork: (path) => readForeignNetwork(path, network),
};

describe("reading", () => {
  for (const [name, read] of Object.entries(readers)) {
    it(`refuses devices, pipes and folders at once: ${name}`, async () => {
      for (const path of [pipe, "/dev/zero"]) await expect(read(path)).rejects.toMatchObject({ name: "TalkfaceError", message: `${path}: is a device, a pipe or a socket, expected a file. Write its content to a file first.` });
      await expect(read(folder)).rejects.toMatchObject({ name: "TalkfaceError", message: expect.stringContaining(": is a folder, expected a file.") });
      await expect(read(join(folder, "none"))).rejects.toMatchObject({ code: "missing-file" });
    });
  }

  it("reads plain files up to a size", async () => {
    expect(await readText(plain)).toBe("text");
    await expect(requireFile(plain, { code: "bad-model", most: 3 })).rejects.toMatchObject({ code: "bad-model", message: expect.stringContaining("4 bytes, expected at most 3") });
  });

  it("takes lines of JSON one by one, whatever their place among the pieces that are read", async () => {
    const [path, torn] = [join(folder, "lines"), join(folder, "torn")];
    const values = Array.from({ length: 40 }, (_, i) => ({ i, text: "\u00e4\u2728".repeat(7919 * (i % 7)) }));
    writeFileSync(path, values.map((value) => `${JSON.stringify(value)}\n\n`).join(""));
    expect(await readJsonLines(path)).toEqual(values);
    const lines: number[] = [];
    for await (const { line } of eachJsonLine(path)) lines.push(line);
    expect(lines).toEqual(values.map((_, i) => 2 * i + 1));
    // a torn last line is left out, a whole one without a line break is not; the same line with a break after it was not torn
    writeFileSync(torn, '{"a":1}\n{"a":');
    expect(await readJsonLines(torn)).toEqual([{ a: 1 }]);
    writeFileSync(torn, '{"a":1}\n{"a":2}');
    expect(await readJsonLines(torn)).toEqual([{ a: 1 }, { a: 2 }]);
    writeFileSync(torn, '{"a":1}\n{"a":\n');
    await expect(readJsonLines(torn)).rejects.toMatchObject({ code: "bad-data", message: `${torn}:2: not valid JSON.` });
    await expect(readJsonLines(join(folder, "none"))).rejects.toMatchObject({ code: "missing-file" });
  });

  it("takes files of more characters than a text may have, and refuses such a line", async () => {
    const path = join(folder, "large");
    writeFileSync(path, '{"a":1}\n');
    truncateSync(path, constants.MAX_STRING_LENGTH + 1); // holes read as zeros
    const seen: unknown[] = [];
    const read = async (): Promise<void> => {
      for await (const { value } of eachJsonLine(path)) seen.push(value);
    };
    await expect(read()).rejects.toMatchObject({ code: "bad-data", message: expect.stringContaining("large:2: a line of more than 16777216 characters") });
    expect(seen).toEqual([{ a: 1 }]);
  });

  it("ends the command with one sentence", () => {
    const sentence = expect.stringMatching(/^talkface: .*: is a device, a pipe or a socket[^\n]*\n$/);
    for (const args of [["import", "syncnet", pipe, "--out", join(folder, "x")], ["eval", "--pairs", "/dev/zero"], ["eval", pipe, plain]]) expect(runTalkface(args), args.join(" ")).toMatchObject({ status: 1, stderr: sentence });
  });
});

describe("writing", () => {
  it("says where a file stands instead of a folder", async () => {
    const sentence = { code: "io", message: expect.stringMatching(/a part of this path is a file, expected a folder\. Choose another path, or remove the file\.$/) };
    for (const path of [join(plain, "text"), join(plain, "deeper", "text")]) {
      await expect(writeAtomic(path, "x"), path).rejects.toMatchObject(sentence);
      await expect(AtomicText.create(path), path).rejects.toMatchObject(sentence);
    }
  });
});
