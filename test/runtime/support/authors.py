"""Runs exported `load.py` scripts and prints the logits of token ids, one JSON list per folder.

usage: authors.py stand-in|own IDS FOLDER...        (ids with commas)

`own` uses the installed mamba_ssm and a GPU. `stand-in` puts the classes below in its place, which have the names,
arguments and parameters of the authors' (mamba_ssm at e9594ce) and compute their formulas one token at a time on the
processor; what the script builds is then checked wherever PyTorch is.
"""

import json
import math
import runpy
import struct
import sys
import types
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F


@dataclass
class MambaConfig:
    d_model: int = 2560
    d_intermediate: int = 0
    n_layer: int = 64
    vocab_size: int = 50277
    ssm_cfg: dict = field(default_factory=dict)
    attn_layer_idx: list = field(default_factory=list)
    attn_cfg: dict = field(default_factory=dict)
    rms_norm: bool = True
    residual_in_fp32: bool = True
    fused_add_norm: bool = True
    pad_vocab_size_multiple: int = 8
    tie_embeddings: bool = True


class RMSNorm(nn.Module):
    def __init__(self, width, groups=1):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.groups = groups

    def forward(self, x):
        parts = x.unflatten(-1, (self.groups, -1))
        parts = parts * torch.rsqrt(parts.square().mean(-1, keepdim=True) + 1e-5)
        return parts.flatten(-2) * self.weight


def convolve(conv, x):
    """Causal, over (T, C)."""
    return F.silu(conv(x.T[None])[0, :, : len(x)].T)


class Mamba(nn.Module):
    def __init__(self, d_model, d_state=16, d_conv=4, expand=2, dt_rank="auto", conv_bias=True, bias=False):
        super().__init__()
        inner = int(expand * d_model)
        self.N, self.R = d_state, math.ceil(d_model / 16) if dt_rank == "auto" else dt_rank
        self.in_proj = nn.Linear(d_model, 2 * inner, bias=bias)
        self.conv1d = nn.Conv1d(inner, inner, d_conv, groups=inner, padding=d_conv - 1, bias=conv_bias)
        self.x_proj = nn.Linear(inner, self.R + 2 * d_state, bias=False)
        self.dt_proj = nn.Linear(self.R, inner)
        self.A_log = nn.Parameter(torch.zeros(inner, d_state))
        self.D = nn.Parameter(torch.ones(inner))
        self.out_proj = nn.Linear(inner, d_model, bias=bias)

    def forward(self, u):
        x, z = self.in_proj(u).chunk(2, dim=-1)
        x = convolve(self.conv1d, x)
        rank, B, C = self.x_proj(x).split([self.R, self.N, self.N], dim=-1)
        dt = F.softplus(self.dt_proj(rank))
        A, state, y = -torch.exp(self.A_log), 0, []
        for t in range(len(u)):
            state = torch.exp(dt[t, :, None] * A) * state + (dt[t] * x[t])[:, None] * B[t]
            y.append(state @ C[t] + self.D * x[t])
        return self.out_proj(torch.stack(y) * F.silu(z))


class Mamba2(nn.Module):
    def __init__(self, d_model, d_state=128, d_conv=4, expand=2, headdim=64, d_ssm=None, ngroups=1,
                 D_has_hdim=False, rmsnorm=True, norm_before_gate=False, dt_limit=(0.0, float("inf")), bias=False,
                 conv_bias=True, chunk_size=256):
        super().__init__()
        inner = expand * d_model
        ssm = inner if d_ssm is None else d_ssm
        assert ssm % headdim == 0
        self.sizes = [inner - ssm, inner - ssm, ssm, ssm + 2 * ngroups * d_state, ssm // headdim]
        self.P, self.G, self.N, self.S, self.limit = headdim, ngroups, d_state, ssm, dt_limit
        self.norm_before_gate = norm_before_gate
        channels, heads = self.sizes[3:]
        self.in_proj = nn.Linear(d_model, sum(self.sizes), bias=bias)
        self.conv1d = nn.Conv1d(channels, channels, d_conv, groups=channels, padding=d_conv - 1, bias=conv_bias)
        self.dt_bias = nn.Parameter(torch.zeros(heads))
        self.A_log = nn.Parameter(torch.zeros(heads))
        self.D = nn.Parameter(torch.ones(ssm if D_has_hdim else heads))
        self.norm = RMSNorm(ssm, ngroups) if rmsnorm else None
        self.out_proj = nn.Linear(inner, d_model, bias=bias)

    def forward(self, u):
        z0, x0, z, xBC, dt = self.in_proj(u).split(self.sizes, dim=-1)
        groups = [self.S, self.G * self.N, self.G * self.N]
        x, B, C = convolve(self.conv1d, xBC).split(groups, dim=-1)
        dt = torch.clamp(F.softplus(dt + self.dt_bias), *self.limit)
        x = x.unflatten(-1, (-1, self.P))
        heads = x.shape[1]
        B, C = (b.unflatten(-1, (self.G, -1)).repeat_interleave(heads // self.G, dim=1) for b in (B, C))
        D = self.D.reshape(heads, -1)
        A, state, y = -torch.exp(self.A_log), 0, []
        for t in range(len(u)):
            write = (dt[t, :, None] * x[t])[..., None] * B[t, :, None]
            state = torch.exp(dt[t] * A)[:, None, None] * state + write
            y.append((state * C[t, :, None]).sum(-1) + D * x[t])
        y = torch.stack(y).flatten(-2)
        if self.norm is None:
            y = y * F.silu(z)
        elif self.norm_before_gate:
            y = self.norm(y) * F.silu(z)
        else:
            y = self.norm(y * F.silu(z))
        return self.out_proj(torch.cat([F.silu(z0) * x0, y], dim=-1))


class Block(nn.Module):
    def __init__(self, config, norm):
        super().__init__()
        options = dict(config.ssm_cfg)
        kinds = {"Mamba1": Mamba, "Mamba2": Mamba2}
        self.norm = norm(config.d_model)
        self.mixer = kinds[options.pop("layer", "Mamba1")](config.d_model, **options)

    def forward(self, x):
        return x + self.mixer(self.norm(x))


class Backbone(nn.Module):
    def __init__(self, config, rows):
        super().__init__()
        norm = RMSNorm if config.rms_norm else nn.LayerNorm
        self.embedding = nn.Embedding(rows, config.d_model)
        self.layers = nn.ModuleList(Block(config, norm) for _ in range(config.n_layer))
        self.norm_f = norm(config.d_model)

    def forward(self, ids):
        x = self.embedding(ids)
        for layer in self.layers:
            x = layer(x)
        return self.norm_f(x)


class MambaLMHeadModel(nn.Module):
    def __init__(self, config, initializer_cfg=None, device=None, dtype=None):
        super().__init__()
        assert not config.d_intermediate and not config.attn_layer_idx
        multiple = config.pad_vocab_size_multiple
        rows = math.ceil(config.vocab_size / multiple) * multiple
        self.config = config
        self.backbone = Backbone(config, rows)
        self.lm_head = nn.Linear(config.d_model, rows, bias=False)
        self.tie_weights()

    def tie_weights(self):
        if self.config.tie_embeddings:
            self.lm_head.weight = self.backbone.embedding.weight

    def forward(self, ids):
        return types.SimpleNamespace(logits=torch.stack([self.lm_head(self.backbone(row)) for row in ids]))


def load_file(path, device="cpu"):
    data = Path(path).read_bytes()
    (length,) = struct.unpack_from("<Q", data)
    header = json.loads(data[8 : 8 + length])
    header.pop("__metadata__", None)

    def tensor(entry):
        assert entry["dtype"] == "F32"
        begin, end = entry["data_offsets"]
        return torch.frombuffer(bytearray(data[8 + length + begin : 8 + length + end]), dtype=torch.float32).reshape(
            entry["shape"]
        )

    return {name: tensor(entry) for name, entry in header.items()}


def stand_in():
    def module(name, **members):
        made = sys.modules[name] = types.ModuleType(name)
        made.__dict__.update(members)

    for name in ("mamba_ssm", "mamba_ssm.models", "safetensors"):
        module(name)
    module("mamba_ssm.models.config_mamba", MambaConfig=MambaConfig)
    module("mamba_ssm.models.mixer_seq_simple", MambaLMHeadModel=MambaLMHeadModel)
    module("safetensors.torch", load_file=load_file)


if __name__ == "__main__":
    kind, ids, *folders = sys.argv[1:]
    if kind == "stand-in":
        stand_in()
    device = "cpu" if kind == "stand-in" else "cuda"
    tokens = torch.tensor([[int(i) for i in ids.split(",")]], device=device)
    for folder in folders:
        script = runpy.run_path(str(Path(folder) / "load.py"))
        with torch.no_grad():
            logits = script["load"](device=device)(tokens).logits
        print(json.dumps(logits[0].float().cpu().tolist()))
