import { describe, expect, it } from "vitest";
import { decodeNpy, encodeNpy } from "../../src/data/npy.js";

describe("npy", () => {
  it("gives back values and shape", () => {
    for (const shape of [[4], [2, 3], [2, 2, 3], [0, 5]]) {
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i / 7 - 1);
      expect(decodeNpy(encodeNpy({ data, shape }), "x.npy")).toEqual({ data, shape });
    }
  });

  it("writes what NumPy writes: header of 64 bytes, little-endian, one-element tuple with a comma", () => {
    const bytes = Buffer.from(encodeNpy({ data: Float32Array.of(1), shape: [1] }));
    expect(bytes.toString("latin1", 0, 6)).toBe("\x93NUMPY");
    expect((10 + bytes.readUInt16LE(8)) % 64).toBe(0);
    expect(bytes.toString("latin1", 10)).toContain("'shape': (1,), }");
    expect(bytes.subarray(-4)).toEqual(Buffer.from([0, 0, 0x80, 0x3f]));
  });

  it("refuses hostile bytes with the file's name", () => {
    const good = Buffer.from(encodeNpy({ data: new Float32Array(6), shape: [2, 3] }));
    const change = (from: string, to: string): Buffer => Buffer.from(good.toString("latin1").replace(from, to), "latin1");
    const bad: [Uint8Array, RegExp][] = [
      [new Uint8Array(0), /not a .npy file/],
      [Buffer.from("hello, I am a text file"), /not a .npy file/],
      [good.subarray(0, 9), /not a .npy file/],
      [good.subarray(0, 40), /cut off/],
      [good.subarray(0, good.length - 1), /needs 24 bytes, got 23/],
      [Buffer.concat([good, Buffer.alloc(8)]), /needs 24 bytes, got 32/],
      [change("'<f4'", "'<f8'"), /type <f8/],
      [change("'<f4'", "'|O '"), /type \|O/],
      [change("False", "True "), /C order/],
      [change("(2, 3)", "(2,-3)"), /no shape/],
      [change("(2, 3)", "99999 "), /no shape/],
      [change("(2, 3), }     ", "(9999999999,9)"), /shape/],
    ];
    for (const [bytes, message] of bad) {
      expect(() => decodeNpy(bytes, "clip.mesh.npy")).toThrow(message);
      expect(() => decodeNpy(bytes, "clip.mesh.npy")).toThrow(/^clip\.mesh\.npy: /);
    }
  });
});
