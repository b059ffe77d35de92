"""Wav2Lip's generator with weights by formula, as PyTorch runs it: FOLDER [checkpoint]; writes golden.json, and with `checkpoint` one as its training script (PyTorch 1.1) saves it."""
import json
import sys

import torch

sys.dont_write_bytecode = True

from wav2lip_net import Generator  # noqa: E402

folder = sys.argv[1]


def wave(index, count):
    """As in syncnet_torch.py: -1..1."""
    i = torch.arange(count, dtype=torch.float64) + 1
    x = i * (0.6180339887498949 + index * 0.0123)
    return (x - x.floor()) * 2 - 1


net = Generator().eval()
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
            values = values * 0.5 + (1 if name.endswith("conv_block.1.weight") else 0)
        tensor.copy_(values.float())
    faces = ((wave(1000, 6 * 96 * 96) + 1) / 2).float().reshape(1, 6, 96, 96)
    mel = (wave(2000, 80 * 16) * 4).float().reshape(1, 1, 80, 16)
    frame = net(faces, mel)
json.dump({"frame": frame.flatten()[::331].tolist()}, open(f"{folder}/golden.json", "w"))
if "checkpoint" in sys.argv:
    optimizer = torch.optim.Adam(net.output_block.parameters())
    checkpoint = {"state_dict": {f"module.{name}": tensor for name, tensor in net.state_dict().items()}, "optimizer": optimizer.state_dict(), "global_step": 3, "global_epoch": 1}
    torch.save(checkpoint, f"{folder}/wav2lip.pth", _use_new_zipfile_serialization=False)
