"""PyTorch's side of the bench train-step: FOLDER BATCH THREADS; reads orders from stdin and answers each with a line of JSON."""
import json
import os
import sys
import time

import numpy as np
import torch

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../../test/support"))
from wav2lip_net import Generator  # noqa: E402

folder, batch, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
torch.set_num_threads(threads)


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
