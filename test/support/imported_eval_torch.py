"""
Networks of ArcFace's and of Inception's shape with weights of a seed, written as ONNX files, and what csim, acd and fid come to by PyTorch and SciPy: FOLDER FFMPEG.
FOLDER/faces/made, real: videos with FOLDER/landmarks.json: {clip: {made, real: [frame] of [68][2] in pixels, null without a face}}; FOLDER/frames/made, real: videos for fid.
"""
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch
from scipy.linalg import sqrtm
from torch import nn
from torch.nn import functional as F

folder, ffmpeg = Path(sys.argv[1]), sys.argv[2]
torch.manual_seed(7)
TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]])  # insightface's face_align.py


class Residual(nn.Module):
    """A block of the networks that insightface trains (iresnet.py)."""

    def __init__(self, before, after):
        super().__init__()
        self.body = nn.Sequential(nn.BatchNorm2d(before), nn.Conv2d(before, after, 3, 1, 1, bias=False), nn.BatchNorm2d(after), nn.PReLU(after), nn.Conv2d(after, after, 3, 2, 1, bias=False), nn.BatchNorm2d(after))
        self.beside = nn.Sequential(nn.Conv2d(before, after, 1, 2, bias=False), nn.BatchNorm2d(after))

    def forward(self, x):
        return self.body(x) + self.beside(x)


def arcface():
    return nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.PReLU(8), Residual(8, 16), Residual(16, 24), nn.BatchNorm2d(24), nn.Flatten(), nn.Linear(24 * 14 * 14, 512), nn.BatchNorm1d(512))


class Mixed(nn.Module):
    """A block of Inception: branches side by side, the last one of a pool that leaves padding out."""

    def __init__(self, before, part):
        super().__init__()
        unit = lambda a, b, size, stride=1: nn.Sequential(nn.Conv2d(a, b, size, stride, size // 2, bias=False), nn.BatchNorm2d(b, eps=0.001), nn.ReLU())
        self.one, self.three, self.pooled = unit(before, part, 1), nn.Sequential(unit(before, part, 1), unit(part, part, 3)), unit(before, part, 1)

    def forward(self, x):
        return torch.cat([self.one(x), self.three(x), self.pooled(F.avg_pool2d(x, 3, 1, 1, count_include_pad=False))], 1)


def inception():
    """[N,2048,1,1] as pytorch-fid's pool gives them."""
    return nn.Sequential(nn.Conv2d(3, 12, 5, 4, bias=False), nn.BatchNorm2d(12, eps=0.001), nn.ReLU(), nn.MaxPool2d(3, 2), Mixed(12, 16), nn.MaxPool2d(3, 2), nn.Conv2d(48, 2048, 1, bias=False), nn.ReLU(), nn.AdaptiveAvgPool2d(1))


def frames(path):
    """Every picture of a video without loss, [H,W,3]."""
    shape = subprocess.run([ffmpeg, "-v", "error", "-i", path, "-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"], stdout=subprocess.PIPE, check=True).stdout.split(None, 3)[1:3]
    width, height = map(int, shape)
    raw = subprocess.run([ffmpeg, "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)


def umeyama(source, target):
    """Scale times rotation [2,2] and shift [2] of the similarity that takes source to target with the least squared error, as scikit-image's SimilarityTransform.estimate."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, v = np.linalg.svd(b.T @ a / len(a))
    d = np.array([1, np.sign(np.linalg.det(u @ v))])
    turn = s @ d / a.var(0).sum() * (u * d) @ v
    return turn, target.mean(0) - turn @ source.mean(0)


def aligned(picture, landmarks):
    """Network's input [3,112,112]; pixel i lies at i, as OpenCV has it, and beyond the picture all is black."""
    p = np.array(landmarks) - 0.5  # the toolkit's pixel i has its centre at i + 0.5
    turn, shift = umeyama(np.stack([p[36:42].mean(0), p[42:48].mean(0), p[30], p[48], p[54]]), TEMPLATE)
    y, x = np.mgrid[:112, :112].astype(np.float64)
    place = (np.stack([x, y], -1) - shift) @ np.linalg.inv(turn).T
    height, width, _ = picture.shape
    grid = torch.from_numpy((2 * place + 1) / [width, height] - 1)[None]
    cut = F.grid_sample(torch.from_numpy(picture.astype(np.float64)).permute(2, 0, 1)[None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    return ((cut[0] - 127.5) / 127.5).float()


def resized(picture):
    x = torch.from_numpy(picture.astype(np.float32)).permute(2, 0, 1)[None] / 255
    return F.interpolate(x, size=(299, 299), mode="bilinear", align_corners=False)[0] * 2 - 1


def settled(network, inputs):
    """Norms know what comes, so that what the network gives differs from picture to picture."""
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                module.momentum = None
        network.train()(inputs)
    return network.eval()


def export(network, side, name):
    torch.onnx.export(network, torch.zeros(1, 3, side, side), folder / f"{name}.onnx", opset_version=13, input_names=["input"], output_names=["output"], dynamic_axes={"input": {0: "batch"}, "output": {0: "batch"}})


def vectors(network, inputs):
    with torch.no_grad():
        return network(inputs).flatten(1).double().numpy()


def frechet(a, b):
    """On a basis of what both sets span: distances are the same there, and the root is of a small matrix."""
    basis = np.linalg.svd(np.concatenate([a, b]), full_matrices=False)[2]
    a, b = a @ basis.T, b @ basis.T
    s, t = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    d = a.mean(0) - b.mean(0)
    return float(d @ d + np.trace(s) + np.trace(t) - 2 * np.trace(sqrtm(s @ t)).real)


faces = {clip: {side: (frames(folder / "faces" / side / f"{clip}.mkv"), found[side]) for side in ("made", "real")} for clip, found in json.load(open(folder / "landmarks.json")).items()}
every = torch.stack([aligned(picture, points) for sides in faces.values() for pictures, found in sides.values() for picture, points in zip(pictures[::5], found[::5]) if points is not None])
face_network = settled(arcface(), every)
export(face_network, 112, "arcface")


def embedding(picture, points):
    vector = vectors(face_network, aligned(picture, points)[None])[0]
    return vector / np.linalg.norm(vector)


csim, acd = {}, {}
for clip, sides in faces.items():
    made, real = (list(zip(*sides[side])) for side in ("made", "real"))
    anchor = embedding(*next(frame for frame in real if frame[1] is not None))
    own = [(embedding(*a), embedding(*b)) for a, b in list(zip(made, real))[::5] if a[1] is not None and b[1] is not None]
    csim[clip] = float(np.mean([a @ b for a, b in own]))
    # a real video without a face so far has no anchor yet
    first = next(t for t, (_, points) in enumerate(real) if points is not None)
    acd[clip] = float(np.mean([np.linalg.norm(embedding(*frame) - anchor) for t, frame in enumerate(made[:len(real)]) if t % 5 == 0 and t >= first and frame[1] is not None]))

shown = {side: [] for side in ("made", "real")}
for path in sorted((folder / "frames" / "made").iterdir()):
    pair = [frames(folder / "frames" / side / path.name) for side in ("made", "real")]
    length = min(map(len, pair))
    for side, pictures in zip(("made", "real"), pair):
        shown[side] += [resized(picture) for picture in pictures[:length:25][:20]]
made, real = (torch.stack(shown[side]) for side in ("made", "real"))
picture_network = settled(inception(), torch.cat([made, real]))
export(picture_network, 299, "inception")

json.dump({"csim": csim, "acd": acd, "fid": frechet(vectors(picture_network, made), vectors(picture_network, real)), "frames": len(made)}, sys.stdout)
print()
