import { writeFileSync } from "node:fs";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { contactSheet, decodeImage, encodeJpeg, encodePng, readImage, resizeImage, writePng, type Image } from "../../src/media/image.js";
import { testFolder } from "../support/media-files.js";

const folder = testFolder("image");
afterAll(folder.remove);

/** Red on the left, blue on the right. */
const halves: Image = { data: Uint8Array.from({ length: 8 * 4 * 3 }, (_, i) => ((Math.floor(i / 3) % 8 < 4 ? i % 3 === 0 : i % 3 === 2) ? 255 : 0)), width: 8, height: 4 };
const open = (image: Image): Sharp => sharp(image.data, { raw: { width: image.width, height: image.height, channels: 3 } });
const pixel = (image: Image, x: number, y: number): number[] => [...image.data.subarray((y * image.width + x) * 3, (y * image.width + x) * 3 + 3)];

describe("pictures", () => {
  it("survive PNG exactly and JPEG nearly", async () => {
    await writePng(folder.path("a.png"), halves);
    const back = await readImage(folder.path("a.png"));
    expect([back.width, back.height]).toEqual([8, 4]);
    expect(Array.from(back.data)).toEqual(Array.from(halves.data));
    const jpeg = await decodeImage(await encodeJpeg(halves, 95), "jpeg");
    expect(Math.abs(jpeg.data[0]! - 255)).toBeLessThan(12);
    expect((await encodePng(halves)).length).toBeGreaterThan(50);
  });

  it("are turned as EXIF says", async () => {
    const turned = await decodeImage(await open(halves).jpeg({ quality: 100, chromaSubsampling: "4:4:4" }).withMetadata({ orientation: 6 }).toBuffer(), "exif");
    expect([turned.width, turned.height]).toEqual([4, 8]);
    expect(pixel(turned, 1, 1)[0]).toBeGreaterThan(200); // the left half is now on top
    expect(pixel(turned, 1, 6)[2]).toBeGreaterThan(200);
  });

  it("show transparency on white", async () => {
    const clear = await sharp({ create: { width: 5, height: 5, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } } }).png().toBuffer();
    expect(pixel(await decodeImage(clear, "alpha"), 2, 2)).toEqual([255, 255, 255]);
    const half = await sharp({ create: { width: 5, height: 5, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0.5 } } }).png().toBuffer();
    expect(Math.abs(pixel(await decodeImage(half, "alpha"), 2, 2)[0]! - 127)).toBeLessThan(3);
  });

  it("come from CMYK, grey, palette and 16 bit", async () => {
    const cmyk = await decodeImage(await open(halves).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer(), "cmyk");
    expect(pixel(cmyk, 1, 1)[0]).toBeGreaterThan(150);
    expect(pixel(cmyk, 1, 1)[2]).toBeLessThan(110);
    const deep = await open(halves).toColourspace("rgb16").png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe("ushort");
    const shallow = await decodeImage(deep, "16 bit");
    expect(shallow.data.length).toBe(8 * 4 * 3);
    expect(pixel(shallow, 1, 1)).toEqual([255, 0, 0]);
    const grey = await decodeImage(await open(halves).greyscale().png().toBuffer(), "grey");
    expect(grey.data.length).toBe(8 * 4 * 3);
    expect(new Set(pixel(grey, 1, 1)).size).toBe(1);
    expect(pixel(await decodeImage(await open(halves).png({ palette: true }).toBuffer(), "palette"), 7, 0)).toEqual([0, 0, 255]);
  });

  it("are refused with one sentence when they are none", async () => {
    writeFileSync(folder.path("text.png"), "hello");
    writeFileSync(folder.path("empty.png"), "");
    writeFileSync(folder.path("torn.jpg"), (await encodeJpeg({ data: new Uint8Array(90000).map((_, i) => i * 7), width: 200, height: 150 }, 95)).subarray(0, 3000));
    await expect(readImage(folder.path("absent.png"))).rejects.toMatchObject({ code: "missing-file" });
    for (const name of ["text.png", "empty.png", "torn.jpg"]) {
      await expect(readImage(folder.path(name))).rejects.toMatchObject({ code: "bad-media", message: expect.stringContaining(name) as string });
    }
    const huge = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="30000" height="30000"/>');
    await expect(decodeImage(huge, "huge.svg")).rejects.toThrow(/million pixels/);
  });

  it("are resized and laid out in sheets", async () => {
    const large = await resizeImage(halves, 16, 8);
    expect(large.data.length).toBe(16 * 8 * 3);
    const sheet = contactSheet([halves, halves, halves], 2, 2);
    expect([sheet.width, sheet.height]).toEqual([18, 10]);
    expect(pixel(sheet, 10, 0)).toEqual([255, 0, 0]);
    expect(pixel(sheet, 9, 0)).toEqual([40, 40, 40]);
    expect(pixel(sheet, 0, 6)).toEqual([255, 0, 0]);
  });
});
