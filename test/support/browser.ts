/** A headless Chromium that tests drive through its debugging pipe: no network, no package. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/** `CHROME_PATH`, else the first of the usual names on the PATH; null where there is none. */
export function findBrowser(): string | null {
  const names = [process.env["CHROME_PATH"], "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
  return names.find((name) => name !== undefined && name !== "" && spawnSync(name, ["--version"], { encoding: "utf8" }).status === 0) ?? null;
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly sessionId?: string;
  readonly params?: unknown;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

export class Browser {
  readonly #process: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), "talkface-browser-"));
  readonly #waiting = new Map<number, (message: Message) => void>();
  readonly #listeners = new Set<(message: Message) => void>();
  #count = 0;

  constructor(program: string) {
    const switches = ["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--autoplay-policy=no-user-gesture-required", "--remote-debugging-pipe", `--user-data-dir=${this.#profile}`];
    this.#process = spawn(program, [...switches, "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
    let text = "";
    (this.#process.stdio[4] as Readable).setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      const parts = text.split("\0");
      text = parts.pop()!;
      for (const part of parts) {
        const message = JSON.parse(part) as Message;
        if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
        else for (const listen of this.#listeners) listen(message);
      }
    });
  }

  /** Opens a file in a page of that size. */
  async open(path: string, { width, height, dark = false }: { readonly width: number; readonly height: number; readonly dark?: boolean }): Promise<BrowserPage> {
    const { targetId } = (await this.send("Target.createTarget", { url: "about:blank" })) as { targetId: string };
    const { sessionId } = (await this.send("Target.attachToTarget", { targetId, flatten: true })) as { sessionId: string };
    const page = new BrowserPage(this, sessionId);
    for (const domain of ["Page", "Network", "Log", "Runtime"]) await page.send(`${domain}.enable`);
    await page.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: false });
    await page.send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
    const loaded = this.once((message) => message.sessionId === sessionId && message.method === "Page.loadEventFired");
    await page.send("Page.navigate", { url: pathToFileURL(path).href });
    await loaded;
    return page;
  }

  send(method: string, params: object = {}, sessionId?: string): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#count;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) => {
        this.#waiting.delete(id);
        if (error === undefined) resolve(result!);
        else reject(new Error(`${method}: ${error.message}`));
      });
      (this.#process.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...(sessionId === undefined ? {} : { sessionId }) })}\0`);
    });
  }

  listen(listener: (message: Message) => void): void {
    this.#listeners.add(listener);
  }

  once(isWanted: (message: Message) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const listener = (message: Message): void => {
        if (!isWanted(message)) return;
        this.#listeners.delete(listener);
        resolve();
      };
      this.#listeners.add(listener);
    });
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.on("exit", resolve));
    await this.send("Browser.close").catch(() => undefined);
    await ended;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

export class BrowserPage {
  readonly #browser: Browser;
  readonly #session: string;
  /** Errors and refusals that the page met, and what it asked the network for. */
  readonly complaints: string[] = [];
  readonly requests: string[] = [];

  constructor(browser: Browser, session: string) {
    this.#browser = browser;
    this.#session = session;
    browser.listen(({ sessionId, method, params }) => {
      if (sessionId !== session) return;
      if (method === "Network.requestWillBeSent") this.requests.push((params as { request: { url: string } }).request.url);
      if (method === "Log.entryAdded") this.complaints.push((params as { entry: { text: string } }).entry.text);
      if (method === "Runtime.exceptionThrown") this.complaints.push(JSON.stringify(params));
    });
  }

  send(method: string, params: object = {}): Promise<Readonly<Record<string, unknown>>> {
    return this.#browser.send(method, params, this.#session);
  }

  /** What an expression of JavaScript comes to in the page; promises are waited for. */
  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = (await this.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true, userGesture: true })) as { result: { value: T }; exceptionDetails?: { exception?: { description?: string } } };
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? "the page threw");
    return result.value;
  }
}
