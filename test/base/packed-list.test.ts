import { expect, it } from "vitest";
import { PackedList } from "../../src/base/packed-list.js";

interface Row {
  readonly path: string;
  readonly bytes: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly prefersWav?: boolean;
}

const row = (i: number): Row => ({ path: `/corpora/lrw/WORD/train/WORD_${i}-ä\ud800.mp4`, bytes: i / 7, labels: { word: "word" }, ...(i % 2 === 0 ? {} : { prefersWav: true }) });

it("gives back what was put in, one after the other and by number", () => {
  for (const length of [0, 1, 31, 32, 33, 200]) {
    const rows = Array.from({ length }, (_, i) => row(i));
    const list = new PackedList(rows);
    expect(list.length).toBe(length);
    expect([...list]).toEqual(rows);
    for (const i of [length - 1, 0, 100, 7, 64, 31]) expect(list.at(i)).toEqual(rows[i]);
  }
  const list = new PackedList<number>();
  for (let i = 0; i < 100; i++) {
    list.push(i);
    expect([list.length, list.at(i), list.at(i + 1), list.at(0)]).toEqual([i + 1, i, undefined, 0]);
  }
});
