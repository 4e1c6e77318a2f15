"""Decoding one token of a Mamba language model in eager PyTorch."""

import torch
import torch.nn.functional as F


def prepare_decode(request):
    """One token of a Mamba language model, as the authors' reference `step` computes it: an eager loop over layers."""
    d, layers, vocab = request["d_model"], request["layers"], request["vocab_size"]
    inner, n, k, rank = 2 * d, 16, 4, -(-d // 16)
    embedding = torch.randn(vocab, d) * 0.02
    made = []
    for _ in range(layers):
        made.append(
            dict(
                norm=torch.ones(d),
                in_proj=torch.randn(2 * inner, d) * 0.02,
                conv=torch.randn(inner, k) * 0.1,
                conv_bias=torch.zeros(inner),
                x_proj=torch.randn(rank + 2 * n, inner) * 0.02,
                dt_proj=torch.randn(inner, rank) * 0.02,
                dt_bias=torch.zeros(inner),
                A_log=torch.log(torch.arange(1.0, n + 1)).repeat(inner, 1),
                D=torch.ones(inner),
                out_proj=torch.randn(d, inner) * 0.02,
                conv_state=torch.zeros(1, inner, k),
                ssm_state=torch.zeros(1, inner, n),
            )
        )
    state = {"id": 0}

    def norm(x, weight):
        return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)

    @torch.no_grad()
    def run():
        state["id"] = (state["id"] + 7919) % vocab
        x = embedding[state["id"]].unsqueeze(0)
        for p in made:
            u, z = F.linear(norm(x, p["norm"]), p["in_proj"]).chunk(2, dim=-1)
            p["conv_state"].copy_(torch.roll(p["conv_state"], shifts=-1, dims=-1))
            p["conv_state"][:, :, -1] = u
            u = F.silu(torch.sum(p["conv_state"] * p["conv"], dim=-1) + p["conv_bias"])
            dt, B, C = torch.split(F.linear(u, p["x_proj"]), [rank, n, n], dim=-1)
            dt = F.softplus(F.linear(dt, p["dt_proj"], p["dt_bias"]))
            A = -torch.exp(p["A_log"])
            dA = torch.exp(torch.einsum("bd,dn->bdn", dt, A))
            dB = torch.einsum("bd,bn->bdn", dt, B)
            p["ssm_state"].copy_(p["ssm_state"] * dA + u.unsqueeze(-1) * dB)
            y = torch.einsum("bdn,bn->bd", p["ssm_state"], C) + p["D"] * u
            x = x + F.linear(y * F.silu(z), p["out_proj"])
        return F.linear(norm(x, torch.ones(d)), embedding)

    return run
