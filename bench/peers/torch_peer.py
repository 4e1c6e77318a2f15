"""Peers in PyTorch, timed one repetition at a time so that they interleave with ours.

Reads one JSON object per line, answers with one per line:
  {"do": "prepare", "case": "mamba-block", "batch": 4, "length": 512, "d_model": 256, "scan": "parallel"}
  {"do": "run"}                      -> {"ms": 123.4}
  {"do": "memory"}                   -> {"peak_mb": 456.7}
`scan` is `loop` (a Python loop over time), `parallel` (our own associative scan by doubling) or `mamba.py`
(the block of a checkout of that repository, whose folder is given as "checkout").
"""

import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn


def scan_loop(a, b):
    """h[t] = a[t] h[t-1] + b[t] over axis 1 of (B, L, E, N), one step of time after the other."""
    h = torch.zeros_like(b[:, 0])
    out = []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1)):
        h = a_t * h + b_t
        out.append(h)
    return torch.stack(out, 1)


def scan_parallel(a, b):
    """The same by recursive odd-even reduction: log2(L) levels, work O(L)."""
    length = b.shape[1]
    if length == 1:
        return b
    if length % 2:
        a = torch.cat([a, torch.ones_like(a[:, :1])], 1)
        b = torch.cat([b, torch.zeros_like(b[:, :1])], 1)
    a_even, a_odd = a[:, 0::2], a[:, 1::2]
    b_even, b_odd = b[:, 0::2], b[:, 1::2]
    h_odd = scan_parallel(a_odd * a_even, a_odd * b_even + b_odd)
    before = torch.cat([torch.zeros_like(h_odd[:, :1]), h_odd[:, :-1]], 1)
    h_even = a_even * before + b_even
    return torch.stack([h_even, h_odd], 2).flatten(1, 2)[:, :length]


SCANS = {"loop": scan_loop, "parallel": scan_parallel}


class MambaBlock(nn.Module):
    """Gu & Dao 2023, written with the operators of PyTorch only."""

    def __init__(self, d_model, d_state, scan):
        super().__init__()
        self.inner, self.d_state, self.rank = 2 * d_model, d_state, math.ceil(d_model / 16)
        self.scan = SCANS[scan]
        self.in_proj = nn.Linear(d_model, 2 * self.inner, bias=False)
        self.conv1d = nn.Conv1d(self.inner, self.inner, 4, groups=self.inner, padding=3)
        self.x_proj = nn.Linear(self.inner, self.rank + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(self.rank, self.inner)
        nn.init.constant_(self.dt_proj.bias, -4.6)
        self.A_log = nn.Parameter(torch.log(torch.arange(1.0, d_state + 1)).repeat(self.inner, 1))
        self.D = nn.Parameter(torch.ones(self.inner))
        self.out_proj = nn.Linear(self.inner, d_model, bias=False)

    def forward(self, x):
        u, z = self.in_proj(x).chunk(2, -1)
        u = F.silu(self.conv1d(u.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2))
        dt, B, C = self.x_proj(u).split([self.rank, self.d_state, self.d_state], -1)
        dt = F.softplus(self.dt_proj(dt))
        a = torch.exp(dt[..., None] * -torch.exp(self.A_log))
        h = self.scan(a, (dt * u)[..., None] * B[:, :, None, :])
        y = (h @ C[..., None]).squeeze(-1) + self.D * u
        return self.out_proj(y * F.silu(z))


class Norm(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


def block(request):
    if request["scan"] == "mamba.py":
        sys.path.insert(0, request["checkout"])
        from mambapy.mamba import MambaBlock as Theirs
        from mambapy.mamba import MambaConfig

        return Theirs(MambaConfig(d_model=request["d_model"], n_layers=1, d_state=request.get("d_state", 16)))
    return MambaBlock(request["d_model"], request.get("d_state", 16), request["scan"])


def prepare_block(request):
    module = block(request)
    x = torch.randn(request["batch"], request["length"], request["d_model"], requires_grad=True)
    cotangent = torch.randn_like(x)

    def run():
        module.zero_grad(set_to_none=True)
        x.grad = None
        module(x).backward(cotangent)

    return run


def prepare_induction(request):
    """The induction-heads example: two Mamba layers, the answer at the last position, AdamW, clipping."""
    d, vocab = request["d_model"], request["vocab_size"]
    embedding = nn.Embedding(vocab, d)
    nn.init.normal_(embedding.weight, std=0.02)
    layers = nn.ModuleList([nn.ModuleList([Norm(d), block(request)]) for _ in range(request["layers"])])
    norm = Norm(d)
    everything = nn.ModuleList([embedding, layers, norm])
    optimiser = torch.optim.AdamW(everything.parameters(), lr=1e-3, betas=(0.9, 0.95), weight_decay=0.1)
    ids = torch.randint(0, vocab, (request["batch"], request["length"]))
    answers = torch.randint(0, vocab, (request["batch"],))

    def run():
        x = embedding(ids)
        for before, mixer in layers:
            x = x + mixer(before(x))
        loss = F.cross_entropy(norm(x[:, -1]) @ embedding.weight.T, answers)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(everything.parameters(), 1.0)
        optimiser.step()

    return run


PREPARE = {"mamba-block": prepare_block, "induction-step": prepare_induction}


def main():
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "prepare":
            torch.manual_seed(0)
            torch.set_num_threads(request["threads"])
            run = PREPARE[request["case"]](request)
            answer = {"version": torch.__version__, "threads": torch.get_num_threads()}
        elif request["do"] == "run":
            start = time.perf_counter()
            run()
            answer = {"ms": 1000 * (time.perf_counter() - start)}
        else:
            answer = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
