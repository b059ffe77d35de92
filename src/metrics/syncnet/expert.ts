/** SyncNet at work: windows of pictures and of sound to embeddings, in batches of one size. */
import { TalkfaceError } from "../../base/errors.js";
import { mfcc } from "../../media/mfcc.js";
import type { Image } from "../../media/image.js";
import { createSession, type Session } from "../../runtime/session.js";
import { floats } from "../../runtime/tensor.js";
import { readImported } from "../../store/imported.js";
import { type Ends, type SyncScore, syncScore } from "./distances.js";
import { embeddingSize, syncnetBatch, syncnetShapes } from "./network.js";

const side = 224;
const windowFrames = 5;
/** Of sound at 16 kHz. */
export const samplesPerFrame = 640;
const stepsPerFrame = 4;
const windowSteps = 20;
const coefficients = 13;

export const syncnetProtocol =
  "SyncNet v2 as imported, every whole frame resized to 224x224 (no face track), 5 frames BGR 0..255 against 20 MFCC steps, shifts -15..15, zeros beyond the ends counted, F - 5 windows";

export const validSyncnetProtocol = `${syncnetProtocol.replace("zeros beyond the ends counted", "pairs beyond the ends left out")} (not the published figure, but one that does not hang on the length of clips)`;
export const trackedSyncnetProtocol =
  "SyncNet v2 as imported, face track as in SyncNet's run_pipeline.py (gaps up to 25 frames filled, median over 13 frames, square of 2.8 half sides shifted down by 0.4, grey beyond the picture, resized to 224x224) on the bounding box of MediaPipe's mesh in place of S3FD's, without its re-encoding to JPEG and XVID; face above 100 px; 5 frames BGR 0..255 against 20 MFCC steps, shifts -15..15, zeros beyond the ends counted, F - 5 windows";

export class SyncNet {
  readonly #audio: Session;
  readonly #video: Session;

  private constructor(audio: Session, video: Session) {
    this.#audio = audio;
    this.#video = video;
  }

  /** Null where the weights were not imported. */
  static async open(): Promise<SyncNet | null> {
    const networks = await readImported("syncnet");
    const [audio, video] = [networks?.["audio"], networks?.["video"]];
    if (audio === undefined || video === undefined) return null;
    return new SyncNet(await createSession(audio, { where: "syncnet audio" }), await createSession(video, { where: "syncnet video" }));
  }

  /** Windows of a clip, as its frames come. */
  clip(): SyncClip {
    return new SyncClip((planes) => this.#embed(this.#video, "planes", syncnetShapes.video, planes), (columns) => this.#embed(this.#audio, "mfcc", syncnetShapes.audio, columns));
  }

  /** Embeddings of up to a batch of windows; the rest of the batch is zeros. */
  async #embed(session: Session, input: string, shape: readonly number[], windows: readonly Float32Array[]): Promise<Float32Array[]> {
    const size = shape.slice(1).reduce((a, b) => a * b, 1);
    const data = new Float32Array(syncnetBatch * size);
    windows.forEach((window, i) => data.set(window, i * size));
    const { code } = await session.run({ [input]: floats(data, shape) });
    return windows.map((_, i) => (code!.data as Float32Array).slice(i * embeddingSize, (i + 1) * embeddingSize));
  }
}

type Embed = (windows: readonly Float32Array[]) => Promise<Float32Array[]>;

export class SyncClip {
  readonly #embedVideo: Embed;
  readonly #embedAudio: Embed;
  /** The last five frames as planes [3][224²] of blue, green, red. */
  readonly #frames: Float32Array[][] = [];
  #waiting: Float32Array[] = [];
  readonly #video: Float32Array[] = [];
  #count = 0;

  constructor(embedVideo: Embed, embedAudio: Embed) {
    this.#embedVideo = embedVideo;
    this.#embedAudio = embedAudio;
  }

  async add(image: Image): Promise<void> {
    this.#count++;
    this.#frames.push(planesOf(image));
    if (this.#frames.length < windowFrames) return;
    const window = new Float32Array(3 * windowFrames * side * side);
    for (let c = 0; c < 3; c++) this.#frames.forEach((planes, t) => window.set(planes[c]!, (c * windowFrames + t) * side * side));
    this.#frames.shift();
    this.#waiting.push(window);
    if (this.#waiting.length === syncnetBatch) await this.#flush();
  }

  /** `samples` of the clip's sound, 16 kHz, -1..1. Null where there are fewer than six frames with sound. */
  async finish(samples: Float32Array, ends: Ends = "zeros"): Promise<{ readonly score: SyncScore; readonly windows: number } | null> {
    await this.#flush();
    const windows = Math.min(this.#count, Math.floor(samples.length / samplesPerFrame)) - windowFrames;
    if (windows < 1) return null;
    const features = mfcc(samples.map((x) => Math.round(x * 32768)));
    const columns = Array.from({ length: windows }, (_, v) => {
      const window = new Float32Array(coefficients * windowSteps);
      for (let n = 0; n < coefficients; n++) for (let s = 0; s < windowSteps; s++) window[n * windowSteps + s] = features[(stepsPerFrame * v + s) * coefficients + n] ?? 0;
      return window;
    });
    const audio: Float32Array[] = [];
    for (let from = 0; from < windows; from += syncnetBatch) audio.push(...(await this.#embedAudio(columns.slice(from, from + syncnetBatch))));
    const video = this.#video.slice(0, windows);
    if (video.length !== windows) throw new TalkfaceError("internal", `internal: ${video.length} windows of pictures, ${windows} of sound.`);
    return { score: syncScore(video, audio, ends), windows };
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length > 0) this.#video.push(...(await this.#embedVideo(this.#waiting)));
    this.#waiting = [];
  }
}

/** Blue, green and red planes [224²] with whole values 0..255, sampled bilinearly between pixel centres as OpenCV's resize does. */
function planesOf({ data, width, height }: Image): Float32Array[] {
  const planes = [2, 1, 0].map(() => new Float32Array(side * side));
  const across = Array.from({ length: side }, (_, i) => neighbours(i, width));
  for (let y = 0; y < side; y++) {
    const [top, bottom, down] = neighbours(y, height);
    for (let x = 0; x < side; x++) {
      const [left, right, along] = across[x]!;
      for (let c = 0; c < 3; c++) {
        const channel = 2 - c;
        const at = (row: number, column: number): number => data[3 * (row * width + column) + channel]!;
        const above = at(top, left) + (at(top, right) - at(top, left)) * along;
        const below = at(bottom, left) + (at(bottom, right) - at(bottom, left)) * along;
        planes[c]![y * side + x] = Math.round(above + (below - above) * down);
      }
    }
  }
  return planes;
}

/** The two pixels around the centre of pixel i of 224, and how far it lies from the first to the second. */
function neighbours(i: number, size: number): readonly [first: number, second: number, share: number] {
  const place = Math.min(size - 1, Math.max(0, ((i + 0.5) * size) / side - 0.5));
  const first = Math.floor(place);
  return [first, Math.min(size - 1, first + 1), place - first];
}
