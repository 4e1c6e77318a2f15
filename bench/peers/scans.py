"""Scans and SSD with the operators of PyTorch only."""

import torch
import torch.nn.functional as F


def scan_loop(a, b):
    """h[t] = a[t] h[t-1] + b[t] over axis 1 of (B, L, E, N), one step of time after the other."""
    h = torch.zeros_like(b[:, 0])
    out = []
    for a_t, b_t in zip(a.unbind(1), b.unbind(1)):
        h = a_t * h + b_t
        out.append(h)
    return torch.stack(out, 1)


def scan_parallel(a, b):
    """The same by recursive odd-even reduction: log2(L) levels, work O(L), differentiated by autograd."""
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


def sweep(a, x):
    """In place, over axis 2 of (B, E, L, N) with L a power of two: x becomes the running x[t] + a[t] x[t-1].

    Up the tree pairs are joined, down the tree what lies between them is filled in (Blelloch 1990).
    """
    length = x.shape[2]
    steps = []
    step = 1
    while step < length:
        left, right = slice(step - 1, None, 2 * step), slice(2 * step - 1, None, 2 * step)
        x[:, :, right] += a[:, :, right] * x[:, :, left]
        a[:, :, right] *= a[:, :, left]
        steps.append(step)
        step *= 2
    for step in reversed(steps[:-1]):
        left, right = slice(2 * step - 1, -1, 2 * step), slice(3 * step - 1, None, 2 * step)
        x[:, :, right] += a[:, :, right] * x[:, :, left]
        a[:, :, right] *= a[:, :, left]


def padded(x, length):
    return F.pad(x, (0, 0, 0, length - x.shape[2])) if x.shape[2] < length else x.contiguous().clone()


class Sweep(torch.autograd.Function):
    """The scan by two sweeps, its gradient by two more over reversed time; only decays and states are kept."""

    @staticmethod
    def forward(ctx, a, b):
        length = b.shape[1]
        power = 1 << (length - 1).bit_length()
        x = padded(b.transpose(1, 2), power)
        sweep(padded(a.transpose(1, 2), power), x)
        h = x[:, :, :length].transpose(1, 2)
        ctx.save_for_backward(a, h)
        return h

    @staticmethod
    def backward(ctx, dh):
        a, h = ctx.saved_tensors
        length = a.shape[1]
        power = 1 << (length - 1).bit_length()
        later = torch.cat([torch.zeros_like(a[:, :1]), a[:, 1:].flip(1)], 1)
        g = padded(dh.flip(1).transpose(1, 2), power)
        sweep(padded(later.transpose(1, 2), power), g)
        g = g[:, :, :length].transpose(1, 2).flip(1)
        da = torch.zeros_like(a)
        da[:, 1:] = g[:, 1:] * h[:, :-1]
        return da, g


SCANS = {"loop": scan_loop, "parallel": scan_parallel, "sweep": Sweep.apply}


def between(a):
    """exp of the sum of a over (s, t] for s <= t and 0 above: (..., T) -> (..., T, T)."""
    length = a.shape[-1]
    mask = torch.ones(length, length, dtype=torch.bool, device=a.device)
    spread = a[..., None].expand(*a.shape, length).masked_fill(~mask.tril(-1), 0)
    return torch.exp(spread.cumsum(-2).masked_fill(~mask.tril(0), float("-inf")))


def ssd_minimal(x, a, b, c, chunk):
    """SSD by blocks (Dao & Gu 2024, section 6): x (B, L, H, P), a (B, L, H), b and c (B, L, H, N), L % chunk == 0."""
    batch, length, heads, width = x.shape
    split = lambda t: t.reshape(batch, length // chunk, chunk, *t.shape[2:])
    x, b, c = split(x), split(b), split(c)
    a = split(a).permute(0, 3, 1, 2)
    total = a.cumsum(-1)
    y_near = torch.einsum("bclhn,bcshn,bhcls,bcshp->bclhp", c, b, between(a), x)
    states = torch.einsum("bclhn,bhcl,bclhp->bchpn", b, torch.exp(total[..., -1:] - total), x)
    states = torch.cat([torch.zeros_like(states[:, :1]), states], 1)
    carry = between(F.pad(total[..., -1], (1, 0)))
    states = torch.einsum("bhzc,bchpn->bzhpn", carry, states)[:, :-1]
    y_far = torch.einsum("bclhn,bchpn,bhcl->bclhp", c, states, torch.exp(total))
    return (y_near + y_far).reshape(batch, length, heads, width)
