"""Weights after steps of PyTorch optimizers: a JSON list of {kind, options, clip, theta, grads} on stdin, a list of lists of weights on stdout."""
import json
import sys

import torch


def follow(job):
    theta = torch.nn.Parameter(torch.tensor(job["theta"], dtype=torch.float32))
    optimizer = getattr(torch.optim, job["kind"])([theta], **job["options"])
    for grad in job["grads"]:
        theta.grad = torch.tensor(grad, dtype=torch.float32)
        if job["clip"] > 0:
            torch.nn.utils.clip_grad_norm_([theta], job["clip"])
        optimizer.step()
        yield theta.detach().tolist()


json.dump([list(follow(job)) for job in json.load(sys.stdin)], sys.stdout)
