/**
 * Inputs that are wrong, broken or want to be more than a video: mutations of a real one, by number. Some name another file, the canary, that nobody may read;
 * its pictures have a size of their own, so that they are known in what is made.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Random } from "../../src/base/random.js";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg } from "./media-files.js";

/** Side of the pictures of a sound input, and of the canary; no mutation has the latter. */
const side = 96;
export const canarySide = 112;

/** What is mutated, and what nobody may read. */
export interface HostileMedia {
  readonly canary: string;
  /** The sound video of 1.2 s. */
  readonly video: Buffer;
  /** The same as Motion JPEG in AVI, without sound, without pictures, and black pictures of extreme sides. */
  readonly avi: Buffer;
  readonly mute: Buffer;
  readonly blind: Buffer;
  readonly huge: Buffer;
  readonly wide: Buffer;
}

/** Makes them in a folder; the canary in a folder of its own below it. */
export async function hostileMedia(folder: string): Promise<HostileMedia> {
  const at = (name: string): string => join(folder, name);
  const [clip] = planClips(1, 300, 1.2, side, ["neutral"]);
  const [other] = planClips(1, 310, 1.2, canarySide, ["neutral"]);
  await writePersonaClip(at("video"), clip!, { force: false });
  await writePersonaClip(at("secret/canary"), other!, { force: false });
  const video = at("video.mp4");
  await runFfmpeg(["-i", video, "-c:v", "mjpeg", "-c:a", "pcm_s16le", at("video.avi")]);
  await runFfmpeg(["-i", video, "-an", "-c", "copy", at("mute.mp4")]);
  await runFfmpeg(["-i", video, "-vn", "-c", "copy", at("blind.mp4")]);
  for (const [name, sides] of [["huge", "12000x9000"], ["wide", "8000x16"]] as const) {
    await runFfmpeg(["-f", "lavfi", "-i", `color=s=${sides}:r=1:d=1`, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", at(`${name}.mp4`)]);
  }
  const bytes = (name: string): Buffer => readFileSync(at(name));
  return {
    canary: at("secret/canary.mp4"), video: bytes("video.mp4"), avi: bytes("video.avi"), mute: bytes("mute.mp4"), blind: bytes("blind.mp4"), huge: bytes("huge.mp4"), wide: bytes("wide.mp4"),
  };
}

type Mutation = (bytes: Buffer, random: Random, canary: string, media: HostileMedia) => { readonly name: string; readonly bytes: Buffer };

const text = (name: string, content: string): { name: string; bytes: Buffer } => ({ name, bytes: Buffer.from(content) });

/** Bytes with four of them zeroed, `after` the first place of each mark. */
function zeroed(bytes: Buffer, ...places: readonly (readonly [mark: string, after: number])[]): Buffer {
  const out = Buffer.from(bytes);
  for (const [mark, after] of places) out.writeUInt32LE(0, out.indexOf(mark, 0, "latin1") + mark.length + after);
  return out;
}

const dash = (canary: string): string =>
  `<MPD type="static" profiles="urn:mpeg:dash:profile:isoff-on-demand:2011" mediaPresentationDuration="PT2S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="0" bandwidth="1"><BaseURL>file://${canary}</BaseURL></Representation></AdaptationSet></Period></MPD>`;

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
  (_, __, canary) => text("manifest.mp4", `<?xml version="1.0"?>${dash(canary)}`),
  // what a playlist begins with need not stand at the beginning
  (_, __, canary) => text("comment.mp4", `<!--${" a comment".repeat(20)} -->\n${dash(canary)}`),
  (_, __, canary) => text("blank.mp4", `${"\n".repeat(200)}${dash(canary)}`),
  (_, __, canary) => text("parts.mp4", `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nconcat:${canary}|${canary}\n#EXTINF:10,\nsubfile,,start,0,end,0,,:${canary}\n#EXT-X-ENDLIST\n`),
  (_, __, canary) => text("key.ts", `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file://${canary}"\n#EXTINF:10,\nhttp://127.0.0.1:9/${canary}\n#EXT-X-ENDLIST\n`),
  (_, __, canary) => text("titles.mp4", `# VobSub index file, v7 (do not modify this line!)\nid: en, index: 0\nsubname: ${canary}\ntimestamp: 00:00:00:000, filepos: 000000000\n`),
  (_, __, ___, { avi }) => ({ name: "rate-0.avi", bytes: zeroed(avi, ["avih", 4], ["strh", 4 + 24]) }),
  (bytes) => ({ name: "timescale-0.mp4", bytes: zeroed(bytes, ["mdhd", 12]) }),
  (_, __, ___, { mute }) => ({ name: "mute.mp4", bytes: mute }),
  (_, __, ___, { blind }) => ({ name: "blind.mp4", bytes: blind }),
  (_, __, ___, { huge }) => ({ name: "huge.mp4", bytes: huge }),
  (_, __, ___, { wide }) => ({ name: "wide.mp4", bytes: wide }),
  (bytes) => ({ name: "--help.mp4", bytes }),
  (bytes) => ({ name: "@list ~ $HOME.mp4", bytes }),
  (bytes) => ({ name: "e\u0301 \u200b \ufdfd \u{1d518} \u{1f468}\u200d\u{1f469}.mp4", bytes }),
  (bytes) => ({ name: `${"long".repeat(62)}.mp4`, bytes }),
  () => ({ name: "huge.avi", bytes: Buffer.concat([Buffer.from("RIFF\xff\xff\xff\x7fAVI LIST", "latin1"), Buffer.alloc(64, 0xff), Buffer.from("hdrlavih8\0\0\0", "latin1"), Buffer.alloc(56, 0x7f)]) }),
  () => ({ name: "huge.ppm.mp4", bytes: Buffer.from("P6\n100000 100000\n255\n") }),
  (bytes) => ({ name: ".hidden.mp4", bytes }),
];

/** So many are needed for one of each kind. */
export const hostileKinds = mutations.length;

/** Writes `count` mutated videos, each into a folder of its own, and returns their paths; some may be sound, none may do harm. */
export function hostileVideos(folder: string, media: HostileMedia, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const { name, bytes } = mutations[i % mutations.length]!(media.video, new Random(i), media.canary, media);
    const own = join(folder, String(i).padStart(3, "0"));
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, name), bytes);
    return join(own, name);
  });
}
