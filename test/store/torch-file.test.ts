/** Weights that PyTorch saved (support/syncnet_torch.py FOLDER made golden/small-*.pt), and files that want more than to be read. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { TalkfaceError } from "../../src/base/errors.js";
import { Random } from "../../src/base/random.js";
import { unpickle } from "../../src/store/pickle.js";
import { readTorchFile } from "../../src/store/torch-file.js";

const golden = (name: string): string => join(import.meta.dirname, "golden", name);
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "talkface-torch-file-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const written = (name: string, bytes: Uint8Array | string): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

describe("weights that PyTorch saved", () => {
  it.each(["small-zip.pt", "small-legacy.pt"])("%s: all types, strides, nested names", async (name) => {
    const tensors = await readTorchFile(golden(name));
    expect([...tensors].map(([key, { shape, data }]) => [key, shape, [...data]])).toEqual([
      ["a", [3, 2], [0, 3, 1, 4, 2, 5]], // transposed
      ["b", [2], [1, -2]],
      ["c", [2], [0.5, -1.5]],
      ["d", [], [3]],
    ]);
  });

  it("damaged in any way are refused in a sentence, never with anything else", async () => {
    const random = new Random(5);
    for (const name of ["small-zip.pt", "small-legacy.pt"]) {
      const bytes = readFileSync(golden(name));
      for (let i = 0; i < 400; i++) {
        const bad = Buffer.from(i % 4 === 0 ? bytes.subarray(0, random.integer(bytes.length)) : bytes);
        if (i % 4 !== 0) for (let k = 0; k < 1 + (i % 3); k++) bad[random.integer(bad.length)] = random.integer(256);
        await readTorchFile(written("bad.pt", bad)).catch((error: unknown) => {
          expect(error, `${name} ${i}: ${String((error as Error).stack)}`).toBeInstanceOf(TalkfaceError);
        });
      }
    }
  });

  it("are nothing but tensors: what would run something is refused by name", async () => {
    const python = ["/usr/bin/python3", "python3"].find((path) => {
      try {
        execFileSync(path, ["--version"]);
        return true;
      } catch {
        return false;
      }
    });
    // os.system("touch canary"), as pickle writes it
    const canary = join(folder, "canary");
    const command = `touch ${canary}`;
    const evil = Buffer.concat([Buffer.from([0x80, 2]), Buffer.from("cposix\nsystem\n("), Buffer.from([0x58, command.length, 0, 0, 0]), Buffer.from(`${command}tR.`)]);
    if (python !== undefined) {
      execFileSync(python, ["-c", "import pickle, sys; pickle.loads(open(sys.argv[1], 'rb').read())", written("evil.pkl", evil)]);
      expect(readFileSync(canary, "utf8")).toBe(""); // it is as bad as it looks
      rmSync(canary);
    }
    await expect(readTorchFile(written("evil.pt", evil))).rejects.toThrow(/it would call posix\.system, which is refused/);
    expect(() => readFileSync(canary)).toThrow();
  });

  it("that hold themselves, too much or nothing end in a sentence", async () => {
    const rules = { call: () => undefined, persistent: () => null, where: "test" };
    // a list in itself: ] q\0 h\0 a .
    const { value } = unpickle(Uint8Array.from([0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]), 0, rules);
    expect((value as unknown[])[0]).toBe(value);
    for (const [name, bytes, message] of [["empty", "", /ends within a value/], ["text", "hello world", /Give a file that PyTorch saved/], ["zip", "PK\x03\x04 and no more", /no directory/]] as const) {
      await expect(readTorchFile(written(name, bytes)), name).rejects.toThrow(message);
    }
    await expect(readTorchFile(join(folder, "none.pt"))).rejects.toMatchObject({ code: "missing-file" });
  });
});
