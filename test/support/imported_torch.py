"""What imported networks are fed with, and Fréchet distances, by OpenCV, scikit-image, PyTorch and SciPy (Debian 12): python3 imported_torch.py > ../metrics/golden/imported.json"""
import json
import sys

import cv2
import numpy as np
import torch
from scipy.linalg import sqrtm
from skimage.transform import SimilarityTransform


def picture(width, height):
    y, x, c = np.mgrid[:height, :width, :3]
    return (np.abs((3 * x + 2 * y + 40 * c) % 300 - 150) + np.abs((x + 4 * y) % 160 - 80)).astype(np.uint8)


def vectors(rows, size, seed):
    """Numbers that depend on each other: waves, and the sum of two neighbours."""
    r, k = np.mgrid[:rows, :size]
    x = (r * size + k + 1) * (0.6180339887498949 + seed * 0.0123)
    x = (x - np.floor(x)) * 2 - 1
    return x + 0.5 * np.roll(x, 1, 1) + 0.1 * seed * (k % 3)


def frechet(a, b):
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    d = a.mean(0) - b.mean(0)
    return float(d @ d + np.trace(s) + np.trace(t) - 2 * np.trace(sqrtm(s @ t)).real)


# insightface's face_align.py: five points of the face, template, similarity by Umeyama, cv2.warpAffine
image = picture(200, 180)
points = np.array([[70.5, 60.25], [121.75, 66.5], [92, 92.5], [66.25, 118], [108.5, 122.75]])
template = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])
transform = SimilarityTransform()
transform.estimate(points, template)
face = cv2.warpAffine(image, transform.params[:2], (112, 112), borderValue=0)

resized = torch.nn.functional.interpolate(torch.from_numpy(picture(160, 90)).permute(2, 0, 1)[None].double() / 255, size=(299, 299), mode="bilinear", align_corners=False) * 2 - 1

json.dump({
    "aligned": face[::9, ::9].tolist(),
    "resized": resized[0, :, ::23, ::23].tolist(),
    "frechet": {f"{m}x{n}": frechet(vectors(m, 12, 1), vectors(n, 12, 2)) for m, n in ((60, 45), (14, 60), (60, 13))},
}, sys.stdout)
print()
