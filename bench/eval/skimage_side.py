"""PSNR and SSIM of pairs of videos as papers compute them: frames through a pipe of ffmpeg, scikit-image for each, the mean over frames, then over pairs.

Usage: skimage_side.py PROCESSES MADE REAL [MADE REAL]...
"""
import json
import multiprocessing
import resource
import subprocess
import sys

import numpy as np
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

SIDE = 256


def frames(path):
    command = ["ffmpeg", "-v", "error", "-i", path, "-vf", f"fps=fps=25:start_time=0,scale={SIDE}:{SIDE}:flags=bicubic+accurate_rnd+full_chroma_int",
               "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=1 << 20) as process:
        while True:
            data = process.stdout.read(SIDE * SIDE * 3)
            if len(data) < SIDE * SIDE * 3:
                return
            yield np.frombuffer(data, np.uint8).reshape(SIDE, SIDE, 3)


def score(pair):
    psnr, ssim = [], []
    for made, real in zip(frames(pair[0]), frames(pair[1])):
        psnr.append(peak_signal_noise_ratio(real, made, data_range=255))
        ssim.append(structural_similarity(real, made, channel_axis=2, data_range=255))
    return float(np.mean(psnr)), float(np.mean(ssim)), len(psnr)


def main():
    processes, *paths = sys.argv[1:]
    pairs = list(zip(paths[::2], paths[1::2]))
    if int(processes) == 1:
        scores = [score(pair) for pair in pairs]
    else:
        with multiprocessing.Pool(int(processes)) as pool:
            scores = pool.map(score, pairs, chunksize=1)
    psnr, ssim, counts = zip(*scores)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"psnr": float(np.mean(psnr)), "ssim": float(np.mean(ssim)), "frames": sum(counts), "peakMegabytes": peak}))


if __name__ == "__main__":
    main()
