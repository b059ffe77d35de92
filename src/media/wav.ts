/** WAV files that we write ourselves; what users give goes through ffmpeg (audio.ts), because node-wav trusts the header. */
import wav from "node-wav";
import { TalkfaceError } from "../base/errors.js";

/** Mono samples -1..1 as a 16-bit WAV file; louder ones are clipped. */
export function encodeWav(samples: Float32Array, sampleRateHz: number): Uint8Array {
  return wav.encode([samples], { sampleRate: sampleRateHz, float: false, bitDepth: 16 });
}

/** Reads a mono 16-bit WAV file of our own. Throws `bad-data`. */
export function decodeWav(bytes: Uint8Array, where: string): { samples: Float32Array; sampleRateHz: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (why: string): TalkfaceError => new TalkfaceError("bad-data", `${where}: ${why}, expected a 16-bit mono WAV file. Prepare it again.`);
  if (bytes.length < 44 || view.getUint32(0) !== 0x52494646 || view.getUint32(8) !== 0x57415645) throw bad("no WAV file");
  // The chunk lengths are checked here, because node-wav allocates what the header claims.
  for (let at = 12; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw bad("a torn header");
    const length = view.getUint32(at + 4, true);
    if (at + 8 + length > bytes.length) throw bad("shorter than its header says");
    const isFormat = view.getUint32(at) === 0x666d7420;
    if (isFormat && (length < 16 || view.getUint16(at + 8, true) !== 1 || view.getUint16(at + 10, true) !== 1 || view.getUint16(at + 20, true) !== 2 || view.getUint16(at + 22, true) !== 16)) {
      throw bad("another sample format");
    }
    at += 8 + length + (length & 1);
  }
  try {
    // A copy at offset 0: node-wav reads 16-bit samples through the underlying buffer.
    const decoded = wav.decode(new Uint8Array(bytes));
    return { samples: decoded.channelData[0] ?? new Float32Array(0), sampleRateHz: decoded.sampleRate };
  } catch (error) {
    throw bad((error as Error).message);
  }
}
