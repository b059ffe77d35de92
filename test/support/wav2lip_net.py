"""The generator of Wav2Lip in PyTorch, from its layer table."""
import torch
from torch import nn


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
