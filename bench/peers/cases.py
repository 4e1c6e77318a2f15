"""What is measured: one function per case that returns what one repetition runs."""

import torch
import torch.nn.functional as F
from torch import nn

import lti
from decode import prepare_decode
from models import Model, mamba2_block, mamba_block


def prepare_block(block):
    def prepare(request):
        module = block(request)
        x = torch.randn(request["batch"], request["length"], request["d_model"], requires_grad=True)
        cotangent = torch.randn_like(x)

        def run():
            module.zero_grad(set_to_none=True)
            x.grad = None
            module(x).backward(cotangent)

        return run

    return prepare


def prepare_step(block, last):
    """A whole training step with clipping and AdamW; `last`: only the last position answers."""

    def prepare(request):
        vocab = request["vocab_size"]
        model = Model(vocab, request["d_model"], request["layers"], lambda: block(request))
        optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
        ids = torch.randint(0, vocab, (request["batch"], request["length"]))
        answers = torch.randint(0, vocab, (request["batch"],) if last else (request["batch"], request["length"]))

        def run():
            loss = F.cross_entropy(model(ids, last).flatten(0, -2), answers.flatten())
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()

        return run

    return prepare


def causal_attention(q, k, v):
    length = q.shape[-2]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    scores = (q / q.shape[-1] ** 0.5) @ k.transpose(-1, -2)
    return scores.masked_fill(later, float("-inf")).softmax(-1) @ v


OPERATORS = {
    "attention": causal_attention,
    "softplus": F.softplus,
    "gelu": F.gelu,
    "dropout": lambda x: F.dropout(x, 0.1),
    "depthwise-conv": lambda x, w: F.conv2d(x, w, padding=1, groups=192),
    "conv": lambda x, w: F.conv2d(x, w, padding=1),
    "max-pool": lambda x: F.max_pool2d(x, 3, 2, 1),
    "batch-norm": lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True),
    "group-norm": lambda x, w, b: F.group_norm(x, 8, w, b),
    "layer-norm": lambda x, w, b: F.layer_norm(x, w.shape, w, b),
}


def prepare_operator(request):
    operator = OPERATORS[request["operator"]]
    inputs = [torch.randn(shape, requires_grad=True) for shape in request["shapes"]]
    cotangent = torch.randn_like(operator(*inputs))

    def run():
        torch.autograd.grad(operator(*inputs), inputs, cotangent)

    return run


PREPARE = {
    "decode": prepare_decode,
    **lti.PREPARE,
    "mamba-block": prepare_block(mamba_block),
    "mamba2-block": prepare_block(mamba2_block),
    "operator": prepare_operator,
    "induction-step": prepare_step(mamba_block, last=True),
    "lm-step": prepare_step(mamba2_block, last=False),
}
