"""Writes networks that PyTorch exports to ONNX, with an input, their output and the gradient of the output's weighted sum: FOLDER."""
import json
import sys

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

folder = sys.argv[1]
torch.manual_seed(4)


class Pictures(nn.Module):
    """Convolutions, norms, gates, pooling, sampling up and down."""

    def __init__(self):
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.BatchNorm2d(8), nn.PReLU(8))
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(8, 8, 1), nn.Hardsigmoid())
        self.deep = nn.Sequential(nn.Conv2d(8, 16, 3, padding=1, groups=4), nn.GroupNorm(4, 16), nn.SiLU(), nn.MaxPool2d(2))
        self.up = nn.ConvTranspose2d(16, 8, 4, 2, 1)
        self.norm = nn.InstanceNorm2d(8, affine=True)
        self.out = nn.Conv2d(8, 12, 3, padding=1, padding_mode="reflect")

    def forward(self, x):
        a = self.first(x)
        a = a * self.gate(a)
        b = F.gelu(self.norm(self.up(self.deep(a))))
        both = F.interpolate(a + b, scale_factor=2, mode="bilinear", align_corners=False)
        return torch.sigmoid(F.pixel_shuffle(self.out(both), 2)).flatten(1)


class Sequences(nn.Module):
    """Recurrence, attention, layer norms."""

    def __init__(self):
        super().__init__()
        self.project = nn.Linear(6, 16)
        self.lstm = nn.LSTM(16, 8, batch_first=True, bidirectional=True)
        self.gru = nn.GRU(16, 16, batch_first=True)
        self.attention = nn.TransformerEncoderLayer(16, 4, 32, dropout=0.0, activation="gelu", batch_first=True)
        self.out = nn.Linear(16, 5)

    def forward(self, x):
        y = torch.tanh(self.project(x))
        y = self.gru(self.lstm(y)[0])[0] + y
        return F.log_softmax(self.out(self.attention(y).mean(1)), -1)


networks = {"pictures": (Pictures(), (2, 3, 16, 20)), "sequences": (Sequences(), (2, 7, 6))}
about = {}
for name, (network, shape) in networks.items():
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    # the fused layer of evaluation has no exporter; with no dropout, training computes the same
    network.eval() if name == "pictures" else network.train()
    x = torch.randn(shape, requires_grad=True)
    y = network(x)
    (y * torch.arange(y.numel()).reshape(y.shape).cos()).sum().backward()
    torch.onnx.export(network, x.detach(), f"{folder}/{name}.onnx", opset_version=16, input_names=["x"], output_names=["y"], training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    for part, values in (("x", x), ("y", y), ("dx", x.grad)):
        values.detach().numpy().astype(np.float32).tofile(f"{folder}/{name}.{part}.f32")
    about[name] = {"x": list(x.shape), "y": list(y.shape)}
json.dump(about, open(f"{folder}/about.json", "w"))
