/** Still pictures through sharp: in as 8-bit sRGB, upright and opaque; out as PNG or JPEG. */
import sharp, { type Sharp } from "sharp";
import { TalkfaceError } from "../base/errors.js";
import { readBytes, writeAtomic } from "../base/files.js";

/** Interleaved RGB, [H,W,C=3] bytes, rows from the top. */
export interface Image {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** Larger pictures are refused before they are decoded: a few bytes can claim gigabytes of pixels. */
const maxPixels = 100_000_000;

/** Reads a picture: turned as its EXIF tag says, transparency on white, CMYK, grey and 16 bit turned to 8-bit sRGB, first page only. */
export async function readImage(path: string): Promise<Image> {
  return decodeImage(await readBytes(path, { code: "bad-media" }), path);
}

/** As `readImage` for bytes in memory; `where` names them in errors. */
export async function decodeImage(bytes: Uint8Array, where: string): Promise<Image> {
  if (bytes.length === 0) throw new TalkfaceError("bad-media", `${where}: the file is empty, expected a picture.`);
  try {
    const { data, info } = await sharp(bytes, { limitInputPixels: maxPixels, failOn: "error", pages: 1 })
      .rotate()
      .flatten({ background: "#ffffff" })
      .toColourspace("srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.channels !== 3) throw new Error(`${info.channels} channels`);
    return { data, width: info.width, height: info.height };
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0] ?? "";
    if (/pixel limit/i.test(reason)) {
      throw new TalkfaceError("bad-media", `${where}: the picture has more than ${maxPixels / 1e6} million pixels. Give a smaller one.`, { cause: error });
    }
    throw new TalkfaceError("bad-media", `${where}: not a readable picture (${reason}). Give a PNG, JPEG, WebP, TIFF or AVIF file.`, { cause: error });
  }
}

export async function encodePng(image: Image): Promise<Uint8Array> {
  return open(image).png().toBuffer();
}

/** `quality` 1..100; colour at full resolution from 90 on, because halved colour smears lips. */
export async function encodeJpeg(image: Image, quality: number): Promise<Uint8Array> {
  return open(image)
    .jpeg({ quality, chromaSubsampling: quality >= 90 ? "4:4:4" : "4:2:0" })
    .toBuffer();
}

export async function writePng(path: string, image: Image): Promise<void> {
  await writeAtomic(path, await encodePng(image));
}

/** PNG of an SVG that we made ourselves, `zoom` pixels for each of its units. */
export async function drawSvg(svg: string, zoom: number): Promise<Uint8Array> {
  return sharp(Buffer.from(svg), { density: 72 * zoom, limitInputPixels: maxPixels }).png().toBuffer();
}

/** Resizes to exactly `width` x `height`: Lanczos, area-correct when shrinking. */
export async function resizeImage(image: Image, width: number, height: number): Promise<Image> {
  if (width === image.width && height === image.height) return image;
  const { data } = await open(image).resize(width, height, { fit: "fill" }).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { data, width, height };
}

/** Pictures in rows of `columns` on dark grey with `gap` pixels between them; a cell is as large as the largest picture. */
export function contactSheet(images: readonly Image[], columns: number, gap = 4): Image {
  if (images.length === 0 || columns < 1) throw new TalkfaceError("internal", "contactSheet: needs at least one picture and one column.");
  const cellWidth = Math.max(...images.map((image) => image.width));
  const cellHeight = Math.max(...images.map((image) => image.height));
  const across = Math.min(columns, images.length);
  const down = Math.ceil(images.length / columns);
  const width = across * (cellWidth + gap) - gap;
  const height = down * (cellHeight + gap) - gap;
  const data = new Uint8Array(width * height * 3).fill(40);
  images.forEach((image, i) => {
    const left = (i % columns) * (cellWidth + gap);
    const top = Math.floor(i / columns) * (cellHeight + gap);
    for (let y = 0; y < image.height; y++) {
      data.set(image.data.subarray(y * image.width * 3, (y + 1) * image.width * 3), ((top + y) * width + left) * 3);
    }
  });
  return { data, width, height };
}

function open(image: Image): Sharp {
  return sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 }, limitInputPixels: maxPixels });
}
