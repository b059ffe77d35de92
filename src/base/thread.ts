/** Threads that serve a module of ours: questions go in, answers and errors come back. */
import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, TalkfaceError } from "./errors.js";

/** No `ask`: the thread is to end. */
interface Question<Ask> {
  readonly id: number;
  readonly ask?: Ask;
}

/** What an error is while it passes from one thread to another. */
interface PlainError {
  readonly code: ErrorCode | null;
  readonly message: string;
}

type Reply<Answer> = { readonly id: number } & ({ readonly value: Answer } | { readonly error: PlainError });

interface Waiting<Answer> {
  readonly at: string;
  readonly resolve: (value: Answer) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A thread that imports the module `url` and calls its exported function `entry`, which calls `serveThread`: the thread's own code is a line, so that no
 * module does anything when it is imported. Run from the sources (tests, benches) it needs the TypeScript loader, which threads do
 * not inherit. A thread in which a network may run is never terminated, for that aborts the process; it is told to end.
 */
export class ServedThread<Ask, Answer> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #asked = 0;
  #ended: Error | null = null;

  /** `name` stands in errors: "the thread that ...". */
  constructor(url: string, entry: string, name: string) {
    this.#name = name;
    const loader = url.endsWith(".ts") ? `import(${JSON.stringify(import.meta.resolve("tsx/esm/api"))}).then((tsx) => tsx.register())` : "Promise.resolve()";
    this.#worker = new Worker(`${loader}.then(() => import(${JSON.stringify(url)})).then((module) => module.${entry}())`, { eval: true });
    this.#worker.on("message", (reply: Reply<Answer>) => {
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if ("value" in reply) waiting?.resolve(reply.value);
      else waiting?.reject(errorOf(reply.error));
    });
    this.#worker.on("error", (error: Error) => this.#end(() => error));
    this.#worker.on("exit", (status) => this.#end((at) => new TalkfaceError("internal", `${name} has ended with status ${status}${at === "" ? "" : ` at ${at}`}.`)));
  }

  /** The answer to `ask`; `at` says in errors what the thread was at when it ended by itself. */
  ask(ask: Ask, at = ""): Promise<Answer> {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    return this.#send({ ask }, at);
  }

  /** Lets the thread finish what it was asked for, and ends it; nothing where it has ended already. */
  async close(): Promise<void> {
    if (this.#ended !== null) return;
    const closed = this.#send({}, "");
    this.#ended = new TalkfaceError("internal", `${this.#name} was closed.`);
    await closed;
  }

  #send(question: { readonly ask?: Ask }, at: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const id = this.#asked++;
      this.#waiting.set(id, { at, resolve, reject });
      this.#worker.postMessage({ id, ...question } satisfies Question<Ask>);
    });
  }

  #end(error: (at: string) => Error): void {
    this.#ended ??= error("");
    for (const { at, reject } of this.#waiting.values()) reject(error(at));
    this.#waiting.clear();
  }
}

export interface ServiceOptions<Answer> {
  /** Each question is taken up when the one before is answered; by default all are worked on as they come. */
  readonly inTurn?: boolean;
  /** What an answer gives away without a copy. */
  readonly transfer?: (answer: Answer) => ArrayBuffer[];
  /** Called when all is answered, before the thread ends. */
  readonly close?: () => Promise<void>;
}

/** Answers questions within a thread until it is told to end; what was asked for before is answered first. */
export function serveThread<Ask, Answer>(answer: (ask: Ask) => Promise<Answer>, { inTurn = false, transfer, close }: ServiceOptions<Answer> = {}): void {
  const port = parentPort;
  if (port === null) throw new TalkfaceError("internal", "what a thread does was called outside of one.");
  const pending = new Set<Promise<void>>();
  let last: Promise<void> = Promise.resolve();
  const reply = async <Value>(id: number, work: () => Promise<Value>, given?: (value: Value) => ArrayBuffer[]): Promise<void> => {
    try {
      const value = await work();
      port.postMessage({ id, value }, given?.(value) ?? []);
    } catch (error) {
      port.postMessage({ id, error: { code: error instanceof TalkfaceError ? error.code : null, message: (error as Error).message } satisfies PlainError });
    }
  };
  port.on("message", (question: Question<Ask>) => {
    const { id } = question;
    if (!("ask" in question)) {
      void Promise.all(pending).then(() => reply(id, async () => close?.())).then(() => port.close());
      return;
    }
    const work = (): Promise<void> => reply(id, () => answer(question.ask as Ask), transfer);
    last = inTurn ? last.then(work) : work();
    const own = last;
    pending.add(own);
    void own.then(() => pending.delete(own));
  });
}

function errorOf({ code, message }: PlainError): Error {
  return code === null ? new Error(message) : new TalkfaceError(code, message);
}
