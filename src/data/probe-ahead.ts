/** What the files of a run hold, asked for a group of them at a time and a group ahead of those that are being read. */
import type { List } from "../base/packed-list.js";
import { TalkfaceError, type ErrorCode } from "../base/errors.js";
import { probeAll, type MediaInfo } from "../media/probe.js";

/** What `probe` gave or threw, as it can be sent to a thread. */
export type Probed = { readonly info: MediaInfo } | { readonly error: { readonly code: ErrorCode; readonly message: string } };

const groupSize = 16;

type Files = List<{ readonly path: string }>;

export class ProbeAhead {
  readonly #files: Files;
  readonly #groups = new Map<number, Promise<Probed[]>>();

  constructor(files: Files) {
    this.#files = files;
    this.#group(0);
  }

  /** Files are asked for in their order; what lies groups before the last one is forgotten. */
  async of(index: number): Promise<Probed> {
    const group = Math.floor(index / groupSize);
    this.#groups.delete(group - 2);
    const probed = this.#group(group);
    this.#group(group + 1);
    return (await probed)[index % groupSize]!;
  }

  #group(group: number): Promise<Probed[]> {
    const known = this.#groups.get(group);
    if (known !== undefined) return known;
    const start = group * groupSize;
    const paths = Array.from({ length: Math.max(0, Math.min(groupSize, this.#files.length - start)) }, (_, i) => this.#files.at(start + i)!.path);
    const plain = (info: MediaInfo | TalkfaceError): Probed => (info instanceof TalkfaceError ? { error: { code: info.code, message: info.message } } : { info });
    const probed = probeAll(paths).then((all) => all.map(plain));
    probed.catch(() => undefined); // reported to those who ask for it
    this.#groups.set(group, probed);
    return probed;
  }
}
