import { pathToFileURL } from "node:url";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { ServedThread, serveThread } from "../../src/base/thread.js";
import type { Ask } from "../support/answering.js";

const url = pathToFileURL(resolve(import.meta.dirname, "../support/answering.ts")).href;
const start = (entry: string): ServedThread<Ask, number> => new ServedThread(url, entry, "the thread that doubles");

describe("a thread that is asked", () => {
  it("answers as it gets ready, or in turn, and what was asked before its end", async () => {
    const questions: Ask[] = [{ double: 1, after: 60 }, { double: 2 }];
    for (const [entry, expected] of [["serveAtOnce", [2, 4.5]], ["serveInTurn", [2.5, 4]]] as const) {
      const thread = start(entry);
      const answers = questions.map((ask) => thread.ask(ask));
      await thread.close();
      expect(await Promise.all(answers)).toEqual(expected);
      await thread.close();
      await expect(thread.ask({ count: true })).rejects.toMatchObject({ code: "internal", message: "the thread that doubles was closed." });
    }
  });

  it("passes errors on, ours with their codes, and goes on", async () => {
    const thread = start("serveInTurn");
    await expect(thread.ask({ fail: "ours" })).rejects.toMatchObject({ name: "TalkfaceError", code: "bad-data", message: "f.tar: is damaged." });
    const other = await thread.ask({ fail: "other" }).catch((error: unknown) => error);
    expect(other).toMatchObject({ name: "Error", message: "x is not a function" });
    expect(await thread.ask({ double: 3 })).toBe(6.5);
    await thread.close();
  });

  it("fails all that waits when it ends by itself or cannot begin, and says what it was at", async () => {
    const thread = start("serveAtOnce");
    const asked = [thread.ask({ double: 1, after: 60_000 }, "a.mp4"), thread.ask({ fail: "exit" }, "b.mp4")].map((answer) => answer.catch((error: Error) => error.message));
    expect(await Promise.all(asked)).toEqual(["a.mp4", "b.mp4"].map((at) => `the thread that doubles has ended with status 7 at ${at}.`));
    await expect(thread.ask({ count: true })).rejects.toThrow("the thread that doubles has ended with status 7.");
    await thread.close();
    await expect(start("serveNothing").ask({ count: true })).rejects.toThrow("cannot begin");
  });

  it("gives arrays away, and says what went wrong at its end", async () => {
    const thread = new ServedThread<number, { readonly array: Float32Array }>(url, "serveArrays", "the thread");
    expect((await thread.ask(13)).array).toEqual(new Float32Array(13));
    await expect(thread.close()).rejects.toMatchObject({ code: "io" });
  });

  it("serves in threads only", () => {
    expect(() => serveThread(async () => 1)).toThrow(/outside of one/);
  });
});
