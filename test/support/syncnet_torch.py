"""SyncNet v2 with weights by formula, as PyTorch runs it: FOLDER [containers]; writes golden.json, and with `containers` the weights in both containers."""
import json
import sys

import torch
from torch import nn

folder = sys.argv[1]


def block(conv, norm, *args, **kwargs):
    return [conv(*args, **kwargs), norm(args[1]), nn.ReLU()]


def audio():
    c, n = nn.Conv2d, nn.BatchNorm2d
    return nn.Sequential(
        *block(c, n, 1, 64, 3, padding=1), nn.MaxPool2d(1, 1), *block(c, n, 64, 192, 3, padding=1), nn.MaxPool2d(3, (1, 2)),
        *block(c, n, 192, 384, 3, padding=1), *block(c, n, 384, 256, 3, padding=1), *block(c, n, 256, 256, 3, padding=1), nn.MaxPool2d(3, 2),
        *block(c, n, 256, 512, (5, 4)))


def video():
    c, n = nn.Conv3d, nn.BatchNorm3d
    return nn.Sequential(
        *block(c, n, 3, 96, (5, 7, 7), (1, 2, 2)), nn.MaxPool3d((1, 3, 3), (1, 2, 2)), *block(c, n, 96, 256, (1, 5, 5), (1, 2, 2), (0, 1, 1)),
        nn.MaxPool3d((1, 3, 3), (1, 2, 2), (0, 1, 1)), *block(c, n, 256, 256, (1, 3, 3), padding=(0, 1, 1)), *block(c, n, 256, 256, (1, 3, 3), padding=(0, 1, 1)),
        *block(c, n, 256, 256, (1, 3, 3), padding=(0, 1, 1)), nn.MaxPool3d((1, 3, 3), (1, 2, 2)), *block(c, n, 256, 512, (1, 6, 6)))


def head():
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))


class SyncNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.netcnnaud, self.netfcaud, self.netcnnlip, self.netfclip = audio(), head(), video(), head()


def wave(index, count):
    """Numbers in -1..1 that look random: the fractional part of squares, the same in any language with 64-bit floats."""
    i = torch.arange(count, dtype=torch.float64) + 1
    x = i * (0.6180339887498949 + index * 0.0123)
    return (x - x.floor()) * 2 - 1


def fill(net):
    with torch.no_grad():
        for index, (name, tensor) in enumerate(sorted(net.state_dict().items())):
            if name.endswith("num_batches_tracked"):
                continue
            values = wave(index, tensor.numel()).reshape(tensor.shape)
            if name.endswith("running_var"):
                values = 1 + 0.5 * values
            elif tensor.dim() > 1:
                values = values * (3 / (tensor.numel() / tensor.shape[0])) ** 0.5
            else:
                values = values * 0.5 + (1 if name.endswith("weight") else 0)
            tensor.copy_(values.float())


net = SyncNet().eval()
fill(net)
with torch.no_grad():
    mfcc = (wave(1000, 2 * 13 * 20) * 10).float().reshape(2, 1, 13, 20)
    frames = ((wave(2000, 2 * 3 * 5 * 224 * 224) + 1) * 127.5).round().float().reshape(2, 3, 5, 224, 224)
    a = net.netfcaud(net.netcnnaud(mfcc).flatten(1))
    v = net.netfclip(net.netcnnlip(frames).flatten(1))
    # distances of 40 windows at every shift, from embeddings by formula: the sound is three frames early
    n, shift = 40, 15
    p, q = wave(3000, n * 1024).float().reshape(n, 1024), wave(4000, n * 1024).float().reshape(n, 1024)
    q[:-3] += p[3:]
    padded = nn.functional.pad(q, (0, 0, shift, shift))
    table = torch.stack([nn.functional.pairwise_distance(p[i:i + 1].repeat(2 * shift + 1, 1), padded[i:i + 2 * shift + 1]) for i in range(n)], 1).mean(1)
    least, index = table.min(0)
    # the same without pairs beyond the ends
    pair = lambda i, k: nn.functional.pairwise_distance(p[i:i + 1], q[i + k:i + k + 1]).item()
    valid = torch.tensor([sum(pair(i, k) for i in range(max(0, -k), n - max(0, k))) / (n - abs(k)) for k in range(-shift, shift + 1)])
    nearest, place = valid.min(0)
    golden = {
        "audio": a[:, ::64].tolist(), "video": v[:, ::64].tolist(),
        "sync": {"distance": least.item(), "confidence": (table.median() - least).item(), "offset": shift - index.item()},
        "valid": {"distance": nearest.item(), "confidence": (valid.median() - nearest).item(), "offset": shift - place.item()},
    }
json.dump(golden, open(f"{folder}/golden.json", "w"))
small = {"state_dict": {"module.a": torch.arange(6.0).reshape(2, 3).t(), "module.b": torch.tensor([1, -2], dtype=torch.int64), "module.c": torch.tensor([0.5, -1.5]).half(), "module.d": torch.tensor(3.0, dtype=torch.bfloat16)}}
for name, zipped in (("zip", True), ("legacy", False)):
    torch.save(small, f"{folder}/small-{name}.pt", _use_new_zipfile_serialization=zipped)
    if "containers" in sys.argv:
        torch.save(net.state_dict(), f"{folder}/syncnet-{name}.pt", _use_new_zipfile_serialization=zipped)
