"""Scores of how faces lie and move, and of flicker, of meshes and pictures by formula, by NumPy, SciPy and Pillow (Debian 12): python3 series_scipy.py > ../metrics/golden/series.json"""
import json
import sys

import numpy as np
from PIL import Image
from scipy.spatial.transform import Rotation

FRAMES, FPS = 150, 25
# Vertices that stay in place, in the canonical face (MediaPipe's canonical_face_model), cm.
STABLE = {
    33: (-4.446, 2.664, 3.173), 263: (4.446, 2.664, 3.173), 133: (-1.856, 2.585, 3.758), 362: (1.856, 2.585, 3.758), 168: (0, 3.271, 5.236), 6: (0, 2.473, 5.789),
    197: (0, 1.728, 6.317), 195: (0, 1.059, 6.775), 5: (0, 0.366, 7.243), 4: (0, -0.463, 7.587), 10: (0, 8.262, 4.482), 151: (0, 6.545, 5.027), 9: (0, 4.886, 5.385),
    67: (-3.524, 8.006, 3.729), 297: (3.524, 8.006, 3.729), 103: (-5.133, 7.486, 2.66), 332: (5.133, 7.486, 2.66), 54: (-6.279, 6.615, 1.426), 284: (6.279, 6.615, 1.426),
    127: (-7.743, 2.365, -2.005), 356: (7.743, 2.365, -2.005), 117: (-5.259, 0.946, 2.974), 346: (5.259, 0.946, 2.974),
}
# Upper lids (37, 38, 43, 44) and below each its lower one (41, 40, 47, 46), with x in cm.
LIDS = ((160, 144, -3.6), (158, 153, -2.7), (385, 380, 2.7), (387, 373, 3.6))
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
# From ear to ear; the jaw's 17 points divide each half evenly, the chin (152) in the middle.
CONTOUR = (127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356)
INNER = BROWS + (
    168, 197, 5, 4, 75, 97, 2, 326, 305, 33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181, 78, 82, 13, 312, 308, 317, 14, 87,
)
# Frames with shut eyes and without a face, of the made and of the real video: runs of one, of too many, parted by one frame and by two.
SHUT = ([(10, 13), (20, 20), (30, 31), (33, 34), (70, 97), (110, 113)], [(5, 6), (50, 51), (54, 55), (100, 124), (140, 142)])
LOST = ({12, 36, 37, 130}, {0, 60, 61, 62})


def wave(k):
    x = k * 0.6180339887498949
    return (x - np.floor(x)) * 2 - 1


def mesh(t, side):
    """[478,3] in pixels, z away; side 0 made, 1 real."""
    i = np.arange(478)
    trembling = np.stack([wave(31 * i + 17 * t + 5 * side + 7 * axis + 1) for axis in range(3)], 1)
    place = np.stack([7 * wave(i + 1), 8 * wave(3 * i + 2), 5 * wave(7 * i + 5)], 1) + 0.2 * trembling
    for vertex, canonical in STABLE.items():
        place[vertex] = canonical + 0.15 * trembling[vertex]
    opening = 0.2 if any(a <= t <= b for a, b in SHUT[side]) else 0.9 + 0.15 * np.sin(0.37 * t + side)
    for upper, lower, x in LIDS:
        place[upper] = (x, 2.6 + opening / 2, 3.5)
        place[lower] = (x, 2.6 - opening / 2, 3.5)
    for n, vertex in enumerate(BROWS):
        place[vertex] = (n - 4.5, 4 + 0.3 * np.sin(0.21 * t + 0.5 * side) + 0.05 * trembling[vertex, 1], 4.5)
    yaw, pitch, roll = 0.3 * np.sin(0.11 * t + 0.2 * side), 0.2 * np.sin(0.07 * t - 0.3 * side), 0.25 * np.sin(0.05 * t + 0.4 * side)
    place = place @ Rotation.from_euler("ZYX", [roll, yaw, pitch]).as_matrix().T * (20 + np.sin(0.13 * t + side))
    return (np.array([200, 150, 0]) + place * [1, -1, -1]).astype(np.float32).astype(np.float64)


def points68(m):
    """[68,3]"""
    contour = m[list(CONTOUR)]
    along = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(contour[:, :2], axis=0), axis=1))])
    chin = CONTOUR.index(152)
    places = np.concatenate([np.linspace(0, along[chin], 9), np.linspace(along[chin], along[-1], 9)[1:]])
    return np.concatenate([np.stack([np.interp(places, along, contour[:, axis]) for axis in range(3)], 1), m[list(INNER)]])


def pose(m):
    """Rotation [3,3] from the canonical axes to the picture's with y up, angles in degrees (yaw, pitch, roll), px a cm (Horn's symmetric scale)."""
    a, b = np.array(list(STABLE.values())), m[list(STABLE)] * [1, -1, -1]
    a, b = a - a.mean(0), b - b.mean(0)
    turn, _ = Rotation.align_vectors(b, a)
    roll, yaw, pitch = turn.as_euler("ZYX", degrees=True)
    return turn.as_matrix(), np.array([yaw, pitch, roll]), np.sqrt((b ** 2).sum() / (a ** 2).sum())


def heights(m):
    """Lips, eyes, brows and the distance of the outer eye corners, cm in the face's own axes."""
    p, (turn, _, scale) = points68(m) * [1, -1, -1], pose(m)
    above = lambda upper, lower: float((p[upper].mean(0) - p[lower].mean(0)) @ turn[:, 1] / scale)
    return above([50, 51, 52], [58, 57, 56]), above([37, 38, 43, 44], [41, 40, 47, 46]), above(range(17, 27), [36, 39, 42, 45]), np.linalg.norm(p[45] - p[36]) / scale


def eye_ratio(p):
    gap = lambda a, b: np.linalg.norm(p[a, :2] - p[b, :2])
    return np.mean([(gap(k + 1, k + 5) + gap(k + 2, k + 4)) / (2 * gap(k, k + 3)) for k in (36, 42)])


def blinks(ratios):
    """Count and seconds."""
    seen = ratios[~np.isnan(ratios)]
    shut = np.flatnonzero(seen < 0.7 * np.median(seen))
    runs = np.split(shut, np.flatnonzero(np.diff(shut) > 2) + 1)
    return int(sum(len(run) > 0 and 2 <= run[-1] - run[0] + 1 <= 25 for run in runs)), len(seen) / FPS


def picture(t, side):
    """[27,44,3]: a slanted ramp with noise, and a stripe that moves."""
    y, x, c = np.mgrid[:27, :44, :3]
    noise = (5 * x + 3 * y + 11 * c + 4 * t) % 7 if side == 0 else (3 * x * y + 5 * c + x * t) % 4
    stripe = 60 * (np.abs(x - 12 - 2 * t) < 4) * (y < 14)
    return (40 + 2 * x + 3 * y + 9 * c + noise + stripe).astype(np.uint8)


def flicker(frames=9):
    grey = [[np.asarray(Image.fromarray(picture(t, side)).convert("L")).astype(float) for t in range(frames)] for side in (0, 1)]
    squares, pixels = np.zeros(2), 0
    for t in range(1, frames):
        made, real = (grey[side][t][:24, :40] - grey[side][t - 1][:24, :40] for side in (0, 1))
        quarters = real.reshape(6, 4, 10, 4).mean((1, 3))
        still = (np.abs(quarters) <= 2).reshape(3, 2, 5, 2).all((1, 3)).repeat(8, 0).repeat(8, 1)
        squares += (made ** 2)[still].sum(), (real ** 2)[still].sum()
        pixels += int(still.sum())
    made, real = squares / pixels
    return {"flicker": np.sqrt((made + 1 / 6) / (real + 1 / 6)), "flicker-made": np.sqrt(made), "flicker-real": np.sqrt(real), "share": pixels / (24 * 40 * (frames - 1))}


meshes = [[mesh(t, side) for t in range(FRAMES)] for side in (0, 1)]
both = [t for t in range(FRAMES) if t not in LOST[0] | LOST[1]]
made, real = (np.array([points68(meshes[side][t])[:, :2] for t in both]) for side in (0, 1))
distance = lambda part: np.linalg.norm((made - made[:, part].mean(1, keepdims=True))[:, part] - (real - real[:, part].mean(1, keepdims=True))[:, part], axis=2)
mouth, face = np.s_[48:68], np.s_[:68]
angles = np.abs(np.array([pose(meshes[0][t])[1] - pose(meshes[1][t])[1] for t in both])).mean(0)
measures = [np.array([heights(meshes[side][t]) for t in both]) for side in (0, 1)]
series = [values[:, :3] / np.median(values[:, 3]) for values in measures]
ratios = [np.array([np.nan if t in LOST[side] else eye_ratio(points68(meshes[side][t])) for t in range(FRAMES)]) for side in (0, 1)]
parts = [[blinks(ratios[side][part]) for side in (0, 1)] for part in (np.s_[:60], np.s_[60:])]
rate = lambda side, clips: sum(clip[side][0] for clip in clips) / sum(clip[side][1] for clip in clips)

json.dump({
    "frames": len(both),
    "faces": {
        "lmd": distance(mouth).mean(), "lmd:sum": distance(mouth).sum(1).mean(), "m-lmd": distance(mouth).mean(), "f-lmd": distance(face).mean(),
        "mouth-place": np.linalg.norm(made[:, mouth].mean(1) - real[:, mouth].mean(1), axis=1).mean(),
        "pose-error": angles.mean(), "yaw-error": angles[0], "pitch-error": angles[1], "roll-error": angles[2],
        **{name: np.corrcoef(series[0][:, k], series[1][:, k])[0, 1] for k, name in enumerate(("lips", "eyes", "brows"))},
        "blinks": rate(0, [[blinks(r) for r in ratios]]), "blinks-real": rate(1, [[blinks(r) for r in ratios]]),
        "length-ratio": FRAMES / (FRAMES - 4),
    },
    "pooled": {"counts": [[clip[side][0] for side in (0, 1)] for clip in parts], "blinks": rate(0, parts), "blinks-real": rate(1, parts)},
    "flicker": flicker(),
}, sys.stdout, indent=2)
print()
