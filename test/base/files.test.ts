/** Reading what users name: only plain files are opened, because a device or a pipe may never end. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readBytes, readText, requireFile, sha256File } from "../../src/base/files.js";
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

  it("ends the command with one sentence", () => {
    const sentence = expect.stringMatching(/^talkface: .*: is a device, a pipe or a socket[^\n]*\n$/);
    for (const args of [["import", "syncnet", pipe, "--out", join(folder, "x")], ["eval", "--pairs", "/dev/zero"], ["eval", pipe, plain]]) expect(runTalkface(args), args.join(" ")).toMatchObject({ status: 1, stderr: sentence });
  });
});
