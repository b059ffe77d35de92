/** A video of a pair in a thread of its own: looking for faces holds its thread up, so only there does it go on while metrics score the frames before. */
import { ServedThread, serveThread } from "../base/thread.js";
import { createFaceAnalyzer } from "../face/analyzer.js";
import type { Pairing } from "./frame-pairs.js";
import { OwnSide, type Sampling, type Side, type SideFrame } from "./side.js";
import { type OpenSource, Sources } from "./sources.js";
import type { Source } from "./units.js";

/** Frames that are drawn before they are asked for: they even out those that take longer. */
const ahead = 4;
/** Videos that are shorter are through before a thread with its networks has paid for its start. */
const shortestSeconds = 20;

/** Whether a pair, of which faces are wanted, is done sooner with a thread for one of its videos. */
export function deservesThread(made: OpenSource, real: OpenSource | null): boolean {
  return Math.min(made.seconds ?? 0, real?.seconds ?? 0) >= shortestSeconds;
}

interface Begin {
  readonly source: Source;
  readonly pairing: Pairing;
  readonly sampling: Sampling | null;
}

type Call = { readonly begin: Begin } | "next" | "drain";
type Answer = SideFrame | number | null;

export class ThreadSide implements Side {
  readonly #thread = new ServedThread<Call, Answer>(import.meta.url, "serveSide", "a thread that looks for faces");
  readonly #begun: Promise<Answer>;
  readonly #drawn: Promise<Answer>[] = [];

  /** Reading begins at once; what is wrong with the video is told by `next`. */
  constructor(source: Source, pairing: Pairing, sampling: Sampling | null) {
    this.#begun = this.#ask({ begin: { source, pairing, sampling } });
    for (let i = 0; i < ahead; i++) this.#drawn.push(this.#ask("next"));
  }

  async next(): Promise<SideFrame | null> {
    await this.#begun;
    this.#drawn.push(this.#ask("next"));
    return (await this.#drawn.shift()) as SideFrame | null;
  }

  /** Frames that are drawn already are among those that are left. */
  async drain(): Promise<number> {
    const rest = this.#ask("drain");
    const drawn = await Promise.all(this.#drawn.splice(0));
    return drawn.filter((frame) => frame !== null).length + ((await rest) as number);
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  #ask(call: Call): Promise<Answer> {
    const answer = this.#thread.ask(call);
    answer.catch(() => undefined); // who waits for it is told
    return answer;
  }
}

/** Within the thread, one question after another. */
export function serveSide(): void {
  const sources = new Sources();
  let side: Side | null = null;
  const begin = async ({ source, pairing, sampling }: Begin): Promise<null> => {
    const { frames } = await sources.open(source);
    side = new OwnSide(frames(), await createFaceAnalyzer(), pairing, sampling);
    return null;
  };
  const answer = async (call: Call): Promise<Answer> => {
    if (typeof call === "object") return begin(call.begin);
    if (side === null) return null; // it could not begin, which was said
    return call === "next" ? side.next() : side.drain();
  };
  serveThread(answer, { inTurn: true, close: async () => void (await Promise.all([side?.close(), sources.close()])) });
}
