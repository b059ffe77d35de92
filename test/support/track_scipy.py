"""Crops of a face track as SyncNet's run_pipeline.py cuts them, with its libraries (Debian 12's NumPy and SciPy): python3 track_scipy.py > ../metrics/golden/track.json"""
import hashlib
import json
import sys

import numpy as np
from scipy.interpolate import interp1d
from scipy.signal import medfilt

WIDTH, HEIGHT, FRAMES = 120, 90, 30
MISSING = {7, 8, 9, 21}


def frame(t):
    y, x, c = np.mgrid[:HEIGHT, :WIDTH, :3]
    return ((7 * x + 13 * y + 29 * c + 5 * t) % 256).astype(np.uint8)


def box(t):
    """left, top, right, bottom: drifts to the right border, with a twitch."""
    x, y, s = 60 + 1.25 * t, 40 + (t * 7 % 5) * 0.5, 20 + (t * 3 % 7) * 0.25 + (5 if t == 15 else 0)
    return [x - s, y - 1.25 * s, x + s, y + 1.25 * s]


found = [t for t in range(FRAMES) if t not in MISSING]
boxes = np.array([box(t) for t in found])
every = np.stack([interp1d(np.array(found), boxes[:, i])(np.arange(FRAMES)) for i in range(4)], 1)
s = medfilt(np.maximum(every[:, 3] - every[:, 1], every[:, 2] - every[:, 0]) / 2, 13)
y = medfilt((every[:, 1] + every[:, 3]) / 2, 13)
x = medfilt((every[:, 0] + every[:, 2]) / 2, 13)
crops = []
for t in range(FRAMES):
    cs, bs = 0.4, s[t]
    bsi = int(bs * (1 + 2 * cs))
    padded = np.pad(frame(t), ((bsi, bsi), (bsi, bsi), (0, 0)), "constant", constant_values=(110, 110))
    my, mx = y[t] + bsi, x[t] + bsi
    face = padded[int(my - bs):int(my + bs * (1 + 2 * cs)), int(mx - bs * (1 + cs)):int(mx + bs * (1 + cs))]
    crops.append({"width": face.shape[1], "height": face.shape[0], "sha256": hashlib.sha256(np.ascontiguousarray(face).tobytes()).hexdigest()})
json.dump(crops, sys.stdout, indent=1)
print()
