"""PyTorch's side of the bench train-step: FOLDER BATCH THREADS; reads orders from stdin and answers each with a line of JSON."""
import json
import sys
import time

import numpy as np
import torch
from torch import nn

folder, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)


class Layer(nn.Module):
    """Convolution or its transpose, batch norm, the input added where it is a residual layer, ReLU."""

    def __init__(self, inputs, out, kernel, stride=1, pad=0, residual=False, output_pad=None):
        super().__init__()
        if output_pad is None:
            conv = nn.Conv2d(inputs, out, kernel, stride, pad)
        else:
            conv = nn.ConvTranspose2d(inputs, out, kernel, stride, pad, output_pad)
        self.conv_block = nn.Sequential(conv, nn.BatchNorm2d(out))
        self.residual = residual

    def forward(self, x):
        y = self.conv_block(x)
        if self.residual:
            y += x
        return y.relu_()


def same(channels, count):
    return [Layer(channels, channels, 3, 1, 1, residual=True) for _ in range(count)]


def up(inputs, out, count):
    return nn.Sequential(Layer(inputs, out, 3, 2, 1, output_pad=1), *same(out, count))


class Generator(nn.Module):
    def __init__(self):
        super().__init__()
        face = [[Layer(6, 16, 7, 1, 3)]]
        for inputs, out, count in ((16, 32, 2), (32, 64, 3), (64, 128, 2), (128, 256, 2), (256, 512, 1)):
            face.append([Layer(inputs, out, 3, 2, 1)] + same(out, count))
        face.append([Layer(512, 512, 3), Layer(512, 512, 1)])
        self.face_encoder_blocks = nn.ModuleList(nn.Sequential(*layers) for layers in face)
        self.audio_encoder = nn.Sequential(
            Layer(1, 32, 3, 1, 1), *same(32, 2), Layer(32, 64, 3, (3, 1), 1), *same(64, 2), Layer(64, 128, 3, 3, 1), *same(128, 2),
            Layer(128, 256, 3, (3, 2), 1), *same(256, 1), Layer(256, 512, 3), Layer(512, 512, 1))
        self.face_decoder_blocks = nn.ModuleList([
            nn.Sequential(Layer(512, 512, 1)), nn.Sequential(Layer(1024, 512, 3, output_pad=0), *same(512, 1)),
            up(1024, 512, 2), up(768, 384, 2), up(512, 256, 2), up(320, 128, 2), up(160, 64, 2)])
        self.output_block = nn.Sequential(Layer(80, 32, 3, 1, 1), nn.Conv2d(32, 3, 1), nn.Sigmoid())

    def forward(self, faces, mel):
        features, x = [], faces
        for block in self.face_encoder_blocks:
            x = block(x)
            features.append(x)
        x = self.audio_encoder(mel)
        for block in self.face_decoder_blocks:
            x = torch.cat([block(x), features.pop()], 1)
        return self.output_block(x)


def read(name, shape=(-1,)):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.f32", np.float32)).reshape(shape)


def load(model):
    """Parameters and running statistics by name from the flat vectors."""
    state, names = model.state_dict(), {"mean": "running_mean", "variance": "running_var"}
    for vector in ("theta", "state"):
        flat, at = read(vector), 0
        for name, shape in json.load(open(f"{folder}/{vector}.json")):
            parts, size = name.split("/"), int(np.prod(shape))
            parts[-1] = names.get(parts[-1], parts[-1])
            state[".".join(parts)].copy_(flat[at:at + size].reshape(shape))
            at += size
    return model


shapes = json.load(open(f"{folder}/inputs.json"))
faces, mel, target = (read(name, shapes[name]) for name in ("faces", "mel", "target"))
trained = optimizer = deployed = None


def stopwatch():
    """Wall seconds and processor seconds of all threads since it was made."""
    wall, processor = time.perf_counter(), time.process_time()
    return lambda: {"seconds": time.perf_counter() - wall, "processor": time.process_time() - processor}


def train(count):
    global trained, optimizer
    if trained is None:
        trained = load(Generator()).train()
        optimizer = torch.optim.Adam(trained.parameters(), lr=1e-4, betas=(0.9, 0.99))
    losses, watch = [], stopwatch()
    for _ in range(count):
        optimizer.zero_grad(set_to_none=True)
        loss = (trained(faces, mel) - target).abs().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {**watch(), "losses": losses}


def forward(count):
    global deployed
    if deployed is None:
        deployed = load(Generator()).eval()
    with torch.inference_mode():
        watch = stopwatch()
        for _ in range(count):
            picture = deployed(faces, mel)
        times = watch()
    return {**times, "mean": float(picture.double().mean())}


def peak():
    """Peak of the resident memory since the process began, in bytes."""
    line = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


for line in sys.stdin:
    order = json.loads(line)
    answer = {"train": train, "forward": forward}[order["what"]](order["count"])
    print(json.dumps({**answer, "peak": peak()}), flush=True)
