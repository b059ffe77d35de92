/** Entries of a zip archive that are stored as they are, as views of its bytes. Compressed ones are refused: PyTorch writes none. */
import { TalkfaceError } from "../base/errors.js";

const endMark = 0x06054b50;
const end64Mark = 0x06064b50;
const entryMark = 0x02014b50;
const localMark = 0x04034b50;
const mostEntries = 100_000;

export function zipEntries(bytes: Buffer, path: string): Map<string, Uint8Array> {
  const bad = (what: string): never => {
    throw new TalkfaceError("bad-model", `${path}: ${what}. The file is damaged or was not saved by torch.save.`);
  };
  const u16 = (at: number): number => (at + 2 > bytes.length ? bad("the archive ends early") : bytes.readUInt16LE(at));
  const u32 = (at: number): number => (at + 4 > bytes.length ? bad("the archive ends early") : bytes.readUInt32LE(at));
  const u64 = (at: number): number => (at + 8 > bytes.length ? bad("the archive ends early") : Number(bytes.readBigUInt64LE(at)));
  let end = bytes.length - 22;
  while (end >= 0 && end > bytes.length - 65_557 && bytes.readUInt32LE(end) !== endMark) end--;
  if (end < 0 || bytes.readUInt32LE(end) !== endMark) bad("the archive has no directory");
  let [count, at] = [u16(end + 10), u32(end + 16)];
  if (count === 0xffff || at === 0xffffffff) {
    const far = u64(end - 20 + 8);
    if (u32(far) !== end64Mark) bad("the archive has no directory");
    [count, at] = [u64(far + 32), u64(far + 48)];
  }
  if (count > mostEntries) bad(`the archive has ${count} entries`);
  const entries = new Map<string, Uint8Array>();
  for (let i = 0; i < count; i++) {
    if (u32(at) !== entryMark) bad("the directory of the archive is broken");
    const [method, nameLength, extraLength, commentLength] = [u16(at + 10), u16(at + 28), u16(at + 30), u16(at + 32)];
    let [size, local] = [u32(at + 24), u32(at + 42)];
    const name = bytes.toString("utf8", at + 46, at + 46 + nameLength);
    // sizes that do not fit stand in the extra field 1, in this order
    for (let extra = at + 46 + nameLength; extra + 4 <= at + 46 + nameLength + extraLength; extra += 4 + u16(extra + 2)) {
      if (u16(extra) !== 1) continue;
      let field = extra + 4;
      if (size === 0xffffffff) [size, field] = [u64(field), field + 8];
      if (u32(at + 20) === 0xffffffff) field += 8;
      if (local === 0xffffffff) local = u64(field);
    }
    if (method !== 0) bad(`its entry ${JSON.stringify(name)} is compressed`);
    if (u32(local) !== localMark) bad("an entry of the archive is not where its directory says");
    const from = local + 30 + u16(local + 26) + u16(local + 28);
    if (from + size > bytes.length) bad(`the archive ends within ${JSON.stringify(name)}`);
    entries.set(name, bytes.subarray(from, from + size));
    at += 46 + nameLength + extraLength + commentLength;
  }
  return entries;
}
