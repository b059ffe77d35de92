/** The four corpora in their published layouts, made of two persona clips, with the traps that are known of each. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { planClips, writePersonaClip } from "../../src/media/persona/clips.js";
import { runFfmpeg } from "./media-files.js";

/** What Git LFS leaves in place of a file. */
const pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 12345\n";

export interface Media {
  /** 1.4 s of a persona: as mp4, as GRID's MPEG, as FLV without sound, and the sound apart. */
  readonly mp4: string;
  readonly mpg: string;
  readonly flv: string;
  readonly wav: string;
  readonly m4a: string;
}

export async function makeMedia(folder: string): Promise<Media> {
  const [clip] = planClips(1, 500, 1.4, 160, ["neutral"]);
  await writePersonaClip(join(folder, "clip"), clip!, { force: false });
  const at = (name: string): string => join(folder, name);
  const mp4 = at("clip.mp4");
  await runFfmpeg(["-i", mp4, "-c:v", "mpeg1video", "-q:v", "3", "-c:a", "mp2", "-ar", "44100", at("clip.mpg")]);
  await runFfmpeg(["-i", mp4, "-an", "-c:v", "flv1", "-q:v", "3", "-r", "30000/1001", at("clip.flv")]);
  await runFfmpeg(["-i", mp4, "-vn", "-ac", "1", "-ar", "16000", at("clip.wav")]);
  await runFfmpeg(["-i", mp4, "-vn", "-ac", "1", "-c:a", "aac", at("clip.m4a")]);
  return { mp4, mpg: at("clip.mpg"), flv: at("clip.flv"), wav: at("clip.wav"), m4a: at("clip.m4a") };
}

/** Files by their paths: those that begin with `@` are copies of a medium, the others hold their text. */
function lay(root: string, media: Media, files: Readonly<Record<string, string>>): string {
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(dirname(path), { recursive: true });
    if (content.startsWith("@")) cpSync(media[content.slice(1) as keyof Media], path);
    else writeFileSync(path, content);
  }
  return root;
}

/** `.align` of six words of 200 ms each from 100 ms on, a pause among them. */
const align = (...words: readonly string[]): string =>
  ["0 2500 sil", ...words.map((word, i) => `${2500 + 5000 * i} ${7500 + 5000 * i} ${word}`), "32500 32750 sp", "32750 35000 sil", ""].join("\n");

export const layGrid = (root: string, media: Media): string =>
  lay(root, media, {
    // Zenodo: s5's alignments lie in the folder s6, and s6's in s5
    "s5/bbaf2n.mpg": "@mpg",
    "s6/lwbsza.mpg": "@mpg",
    "alignments/s6/bbaf2n.align": align("bin", "blue", "at", "f", "two", "now"),
    "alignments/s5/lwbsza.align": align("lay", "white", "by", "s", "zero", "again"),
    // Sheffield: two qualities of one sentence
    "s2/video/mpg_6000/pgid6p.mpg": "@mpg",
    "s2/video/pgid6p.mpg": "@mpg",
    "s2/align/pgid6p.align": align("place", "green", "in", "d", "six", "please"),
    "s1/mpg/srwb3s.mpg": "@mpg",
    "s1/align/srwb3s.align": align("set", "red", "with", "b", "three", "soon"),
    "s1/mpg/bbizzn.mpg": "@mpg", // left out by others
    "s1/align/bbizzn.align": align("bin", "blue", "in", "z", "zero", "now"),
    "s1/mpg/bbaw2n.mpg": "@mpg", // there is no letter w
    "s3/mpg/bgbn9a.mpg.part": "half a download",
    "s4/mpg/pwad3s.mpg": "@mpg", // the alignment of another sentence
    "s4/align/pwad3s.align": align("place", "white", "at", "d", "four", "soon"),
    "s21/align/bbaf2n.align": align("bin", "blue", "at", "f", "two", "now"), // no video of s21
    "__MACOSX/s1/mpg/._srwb3s.mpg": "x",
    "elsewhere/srwb4s.mpg": "@mpg", // of nobody
  });

const duration = (seconds: string): string => `Disk reference: 6023\nChannel: 1\nProgramme start: 2010\nClip start: 12.3\nDuration: ${seconds} seconds\n`;

export const layLrw = (root: string, media: Media): string =>
  lay(root, media, {
    "ABOUT/train/ABOUT_00001.mp4": "@mp4",
    "ABOUT/train/ABOUT_00001.txt": duration("0.24"),
    "ABOUT/val/ABOUT_00002.mp4": "@mp4",
    "ABOUT/test/ABOUT_00050.mp4": "@mp4",
    "ABOUT/test/ABOUT_00050.txt": duration("0.3"),
    "YEARS/test/YEARS_00001.mp4": "@mp4",
    "YEARS/test/YEARS_00001.txt": duration("99"), // longer than the clip
    "YEARS/train/ABOUT_00009.mp4": "@mp4", // in the wrong folder
    "YEARS/train/YEARS_00003.mp4": pointer,
  });

export const layMead = (root: string, media: Media): string =>
  lay(root, media, {
    "M005/video/front/angry/level_1/001.mp4": "@mp4",
    "M005/audio/angry/level_1/001.m4a": "@m4a",
    "M005/video/left_30/angry/level_1/001.mp4": "@mp4",
    "W009/video/front/1/happy/level_3/017.mp4": "@mp4", // one more folder
    "W009/audio/happy/level_3/017.m4a": "@m4a",
    "F035/video/top/neutral/level_1/040.mp4": "@mp4", // F for W
    "M003/video/front/M003_26_2_output_07.mp4": "@mp4", // the old release: page 26 is fear
    "M003/video/front/M003_99_2_output_07.mp4": "@mp4", // no such page
    ...Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`M007/video/front/sad/level_2/${String(3 * i + 1).padStart(3, "0")}.mp4`, "@mp4"])),
    "M007/video/front/sad/extra.mp4": "@mp4",
  });

export const layCremad = (root: string, media: Media): string =>
  lay(root, media, {
    "VideoFlash/1001_IEO_ANG_HI.flv": "@flv",
    "AudioWAV/1001_IEO_ANG_HI.wav": "@wav",
    "VideoFlash/1015_TAI_NEU_XX.flv": "@flv",
    "AudioWAV/1015_TAI_NEU_XX.wav": "@wav",
    "VideoFlash/1003_WSI_SAD_XX.flv": "@flv",
    "AudioWAV/1003_WSI_SAD_XX.wav": pointer,
    "VideoFlash/1064_IEO_DIS_MD.flv": "@flv", // known to be bad
    "VideoFlash/1076_MTI_SAD_XX.flv": pointer, // known to be bad, and not there either
    "VideoFlash/1001_IEO_JOY_HI.flv": "@flv", // no such emotion
    "VideoDemographics.csv": 'ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,Caucasian,"Not Hispanic"\n1015,32,Female,"Asian, other",Hispanic\n',
    "processedResults/tabulatedVotes.csv": '"","A","fileName","emoVote"\n"1",3,"1001_IEO_ANG_HI","F"\n',
  });
