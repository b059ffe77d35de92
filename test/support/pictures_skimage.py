"""SSIM with Gaussian windows, MS-SSIM and CPBD of pictures by formula, by scikit-image 0.19, SciPy and PyTorch (Debian 12): python3 pictures_skimage.py > ../metrics/golden/pictures.json"""
import json
import sys
from math import atan2, pi

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import convolve
from skimage.feature import canny
from skimage.metrics import structural_similarity
from torch.nn import functional as F


def ramp(p, n):
    """A triangle wave 0..n of whole numbers."""
    return np.abs(p % (2 * n) - n)


def scene(width, height, blur):
    """Waves of several widths and slants, steps between them; `blur` 0 keeps steps, 1 softens them."""
    y, x, c = np.mgrid[:height, :width, :3]
    wide = ramp(3 * x + 2 * y + 11 * c, 90)
    steps = 70 * ((x // 17 + y // 23 + c) % 2) if blur == 0 else ramp(4 * x + 60 * (y // 23), 70)
    return np.minimum(255, wide + steps + (7 * x * y + 5 * c) % 3).astype(np.uint8)


def near(a):
    y, x, c = np.mgrid[:a.shape[0], :a.shape[1], :3]
    return np.clip(a.astype(int) + (x * y + 7 * c) % 23 - 9, 0, 255).astype(np.uint8)


def tensor(a):
    return torch.from_numpy(a.astype(np.float64)).permute(2, 0, 1)[None]


def moments(a, b, padding):
    t = torch.arange(11, dtype=torch.float64) - 5
    g = torch.exp(-t ** 2 / (2 * 1.5 ** 2))
    g = g / g.sum()
    window = torch.outer(g, g).expand(3, 1, 11, 11)
    blur = lambda v: F.conv2d(v, window, padding=padding, groups=3)
    ma, mb = blur(a), blur(b)
    saa, sbb, sab = blur(a * a) - ma * ma, blur(b * b) - mb * mb, blur(a * b) - ma * mb
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    cs = (2 * sab + c2) / (saa + sbb + c2)
    return (cs * (2 * ma * mb + c1) / (ma * ma + mb * mb + c1)).mean((0, 2, 3)), cs.mean((0, 2, 3))


def ms_ssim(a, b):
    product = 1
    for i, weight in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        full, cs = moments(a, b, 0)
        product = product * torch.relu(full if i == 4 else cs) ** weight
        pad = (a.shape[2] % 2, a.shape[3] % 2)
        a, b = F.avg_pool2d(a, 2, padding=pad), F.avg_pool2d(b, 2, padding=pad)
    return product.mean().item()


def cpbd(picture):
    """The steps of python-cpbd, with its libraries."""
    image = np.asarray(Image.fromarray(picture).convert("L")).astype(np.float64)
    blocks = canny(image)
    strength = np.square(convolve(image, np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]) / 8))
    strength[strength <= 2 * np.sqrt(np.mean(strength))] = 0
    p = np.pad(strength, 1)
    edges = ((strength > p[1:-1, :-2]) & (strength > p[1:-1, 2:])) | ((strength > p[:-2, 1:-1]) & (strength > p[2:, 1:-1]))
    gy, gx = np.gradient(image)
    high, wide = image.shape
    widths = np.zeros(image.shape)
    for r in range(1, high - 1):
        for c in range(1, wide - 1):
            if not edges[r, c]:
                continue
            angle = 45 * np.round((atan2(gy[r, c], gx[r, c]) * 180 / pi if gx[r, c] != 0 else 0) / 45)
            if abs(angle) not in (0, 180):
                continue
            sign = 1 if angle == 0 else -1
            for step in (-1, 1):
                for k in range(101):
                    outer = c + step * (2 + k)
                    if not 0 <= outer < wide or step * sign * (image[r, outer] - image[r, c + step * (1 + k)]) <= 0:
                        break
                widths[r, c] += k + 1
    histogram = np.zeros(101)
    for top in range(0, high // 64 * 64, 64):
        for left in range(0, wide // 64 * 64, 64):
            part = np.s_[top:top + 64, left:left + 64]
            if np.count_nonzero(blocks[part]) > 4096 * 0.002:
                w = widths[part][widths[part] != 0]
                noticeable = 5 if int(image[part].max() - image[part].min()) <= 50 else 3
                for probability in 1 - np.exp(-(w / noticeable) ** 3.6):
                    histogram[int(round(probability * 100))] += 1
    return float(histogram[:64].sum() / max(1, histogram.sum())), int(blocks.sum()), int(histogram.sum())


pictures = {"sharp": scene(200, 171, 0), "soft": scene(200, 171, 1)}
golden = {}
for name, a in pictures.items():
    b = near(a)
    score, _, edges = cpbd(a)
    near_score, near_canny, _ = cpbd(b)  # in plain ramps rounding decides what a ridge is
    golden[name] = {
        "gaussian": float(structural_similarity(a, b, channel_axis=2, data_range=255, gaussian_weights=True, use_sample_covariance=False)),
        "padded": moments(tensor(a), tensor(b), 5)[0].mean().item(),
        "msSsim": ms_ssim(tensor(a), tensor(b)),
        "cpbd": score, "cpbdNear": near_score, "cannyNear": near_canny, "edges": edges,
    }
json.dump(golden, sys.stdout, indent=2)
print()
