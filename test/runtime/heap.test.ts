import { execFileSync } from "node:child_process";
import { expect, it } from "vitest";

const script = `
import { keepFreedMemory } from "./src/runtime/heap.ts";
const faults = () => process.resourceUsage().minorPageFault;
const [before, kept] = [faults(), keepFreedMemory()];
for (let i = 0; i < 20; i++) structuredClone(new ArrayBuffer(0), { transfer: [new Uint8Array(64 * 2 ** 20).fill(1).buffer] });
process.stdout.write(JSON.stringify({ kept, again: keepFreedMemory(), faults: faults() - before }));
`;

it.runIf(process.platform === "linux")("large blocks are used again without new pages where glibc is the C library", () => {
  const out = execFileSync(process.execPath, ["--import", "tsx", "--input-type=module", "--eval", script], { encoding: "utf8", cwd: new URL("../..", import.meta.url).pathname });
  const { kept, again, faults } = JSON.parse(out) as { kept: boolean; again: boolean; faults: number };
  expect(again).toBe(kept);
  // 20 blocks of 64 MiB are 327,680 pages
  if (kept) expect(faults).toBeLessThan(100_000);
});
