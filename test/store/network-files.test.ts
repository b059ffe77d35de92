import { appendFileSync, readFileSync, rmSync } from "node:fs";
import { afterAll, expect, it } from "vitest";
import { encodeModel, type OnnxModel } from "../../src/graph/onnx.js";
import { readNetworks, writeNetworks } from "../../src/store/network-files.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("networks");
afterAll(folder.remove);

it("networks are read as they were written, and what is missing or altered is refused by name", async () => {
  const graph = (name: string): OnnxModel => ({ irVersion: 8, opset: 17, producer: "test", metadata: {}, graph: { name, nodes: [], initializers: [], inputs: [], outputs: [] } });
  const written = await writeNetworks(folder.path(""), [["near", graph("a")], ["far", graph("b")]]);
  expect(written["near"]).toMatchObject({ file: "near.onnx", bytes: readFileSync(folder.path("near.onnx")).length });
  const read = await readNetworks(folder.path(""), written, "Fetch it again.");
  expect([...read.keys()]).toEqual(["near", "far"]);
  expect(Buffer.compare(read.get("far")!, encodeModel(graph("b")))).toBe(0);
  appendFileSync(folder.path("far.onnx"), "x");
  await expect(readNetworks(folder.path(""), written, "Fetch it again.")).rejects.toMatchObject({ code: "bad-model", message: expect.stringMatching(/far\.onnx: is damaged, its digest .*\. Fetch it again\.$/) });
  rmSync(folder.path("near.onnx"));
  await expect(readNetworks(folder.path(""), written, "Fetch it again.")).rejects.toMatchObject({ code: "bad-model", message: expect.stringMatching(/near\.onnx: is missing\. Fetch it again\.$/) });
});
