/** Inputs that are wrong, broken or want to be more than a video: mutations of a real one, by number. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/base/random.js";

type Mutation = (bytes: Buffer, random: Random, canary: string) => { readonly name: string; readonly bytes: Buffer };

const text = (name: string, content: string): { name: string; bytes: Buffer } => ({ name, bytes: Buffer.from(content) });

const mutations: readonly Mutation[] = [
  (bytes, random) => ({ name: "truncated.mp4", bytes: bytes.subarray(0, random.integer(bytes.length)) }),
  (bytes, random) => {
    const flipped = Buffer.from(bytes);
    for (let i = 0; i < 40; i++) flipped[random.integer(flipped.length)]! ^= 1 << random.integer(8);
    return { name: "flipped.mp4", bytes: flipped };
  },
  (bytes, random) => {
    // in the index, where sizes, rates and offsets stand
    const flipped = Buffer.from(bytes);
    const index = Math.max(0, flipped.indexOf("moov"));
    for (let i = 0; i < 12; i++) flipped[index + random.integer(Math.min(2000, flipped.length - index))] = random.integer(256);
    return { name: "index.mp4", bytes: flipped };
  },
  () => text("empty.mp4", ""),
  (bytes) => ({ name: "wrong.avi", bytes }),
  () => text("words.mkv", "this is no video\n".repeat(50)),
  (_, random) => ({ name: "noise.webm", bytes: Buffer.from(Uint8Array.from({ length: 20_000 }, () => random.integer(256))) }),
  (bytes) => ({ name: "-i.mp4", bytes }),
  (bytes) => ({ name: "-f lavfi -i testsrc.mp4", bytes }),
  (bytes) => ({ name: "naïve ✨ \u202e 'quote' \"double\" $(id) `id`; &.mp4", bytes }),
  (bytes) => ({ name: "%05d*?[a].mp4", bytes }),
  (bytes) => ({ name: "concat:a|b.mp4", bytes }),
  (bytes) => ({ name: "line\nbreak.mp4", bytes }),
  (_, __, canary) => text("list.mp4", `ffconcat version 1.0\nfile '${canary}'\n`),
  (_, __, canary) => text("list.mkv", `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nfile://${canary}\n#EXT-X-ENDLIST\n`),
  (_, __, canary) => text("session.mov", `v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\na=control:file://${canary}\n`),
  (_, __, canary) => text("manifest.mp4", `<?xml version="1.0"?><MPD type="static" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1"><BaseURL>file://${canary}</BaseURL></Representation></AdaptationSet></Period></MPD>`),
  () => ({ name: "huge.avi", bytes: Buffer.concat([Buffer.from("RIFF\xff\xff\xff\x7fAVI LIST", "latin1"), Buffer.alloc(64, 0xff), Buffer.from("hdrlavih8\0\0\0", "latin1"), Buffer.alloc(56, 0x7f)]) }),
  () => ({ name: "huge.ppm.mp4", bytes: Buffer.from("P6\n100000 100000\n255\n") }),
  (bytes) => ({ name: ".hidden.mp4", bytes }),
];

/** Writes `count` mutated videos, each into a folder of its own, and returns their paths; some may be sound, none may do harm. */
export function hostileVideos(folder: string, video: string, count: number, canary: string): string[] {
  const bytes = readFileSync(video);
  return Array.from({ length: count }, (_, i) => {
    const { name, bytes: mutated } = mutations[i % mutations.length]!(bytes, new Random(i), canary);
    const own = join(folder, String(i).padStart(3, "0"));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, name), mutated);
    return join(own, name);
  });
}
