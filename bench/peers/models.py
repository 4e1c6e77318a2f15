"""Mamba and Mamba-2 blocks and models written with the operators of PyTorch only."""

import math
import sys

import torch
import torch.nn.functional as F
from torch import nn

from scans import SCANS, ssd_minimal


class MambaBlock(nn.Module):
    """Gu & Dao 2023."""

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


class Mamba2Block(nn.Module):
    """Dao & Gu 2024, one group."""

    def __init__(self, d_model, d_state, headdim, chunk):
        super().__init__()
        self.inner, self.d_state, self.headdim, self.chunk = 2 * d_model, d_state, headdim, chunk
        self.heads = self.inner // headdim
        width = self.inner + 2 * d_state
        self.in_proj = nn.Linear(d_model, self.inner + width + self.heads, bias=False)
        self.conv1d = nn.Conv1d(width, width, 4, groups=width, padding=3)
        self.dt_bias = nn.Parameter(torch.full((self.heads,), -4.6))
        self.A_log = nn.Parameter(torch.log(torch.empty(self.heads).uniform_(1, 16)))
        self.D = nn.Parameter(torch.ones(self.heads))
        self.norm = Norm(self.inner)
        self.out_proj = nn.Linear(self.inner, d_model, bias=False)

    def forward(self, x):
        batch, length, _ = x.shape
        z, xbc, dt = self.in_proj(x).split([self.inner, self.inner + 2 * self.d_state, self.heads], -1)
        xbc = F.silu(self.conv1d(xbc.transpose(1, 2))[..., :length].transpose(1, 2))
        u, B, C = xbc.split([self.inner, self.d_state, self.d_state], -1)
        u = u.reshape(batch, length, self.heads, self.headdim)
        dt = F.softplus(dt + self.dt_bias)
        share = lambda t: t[:, :, None].expand(batch, length, self.heads, self.d_state)
        y = ssd_minimal(u * dt[..., None], dt * -torch.exp(self.A_log), share(B), share(C), self.chunk)
        y = (y + self.D[:, None] * u).reshape(batch, length, self.inner)
        return self.out_proj(self.norm(y * F.silu(z)))


class Norm(nn.Module):
    def __init__(self, d_model):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d_model))

    def forward(self, x):
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.weight


class Model(nn.Module):
    """Embedding, pre-norm residual layers, final norm, tied head."""

    def __init__(self, vocab_size, d_model, layers, block):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, d_model)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.layers = nn.ModuleList([nn.ModuleList([Norm(d_model), block()]) for _ in range(layers)])
        self.norm = Norm(d_model)

    def forward(self, ids, last=False):
        x = self.embedding(ids)
        for before, mixer in self.layers:
            x = x + mixer(before(x))
        return self.norm(x[:, -1] if last else x) @ self.embedding.weight.T


def mamba_block(request):
    """`scan` is a name in SCANS, or `mamba.py` for the block of a checkout of that repository."""
    d_model, d_state = request["d_model"], request.get("d_state", 16)
    if request["scan"] == "mamba.py":
        if request["checkout"] not in sys.path:
            sys.path.insert(0, request["checkout"])
        from mambapy.mamba import MambaBlock as Theirs
        from mambapy.mamba import MambaConfig

        return Theirs(MambaConfig(d_model=d_model, n_layers=1, d_state=d_state))
    return MambaBlock(d_model, d_state, request["scan"])


def mamba2_block(request):
    return Mamba2Block(
        request["d_model"], request.get("d_state", 128), request.get("headdim", 64), request.get("chunk", 64)
    )
