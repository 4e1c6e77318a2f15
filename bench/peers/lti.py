"""Time-invariant layers as their authors write them: kernels by a Vandermonde product, convolutions by torch.fft."""

import math

import torch
from torch import nn


def convolve(u, kernel):
    """Causal convolution over the last axis, zero-padded to twice its length."""
    length = u.shape[-1]
    n = length + kernel.shape[-1]
    return torch.fft.irfft(torch.fft.rfft(u, n=n) * torch.fft.rfft(kernel, n=n), n=n)[..., :length]


class DiagonalKernel(nn.Module):
    """S4D's kernel (Gu et al. 2022): one (H, N, L) tensor of powers."""

    def __init__(self, heads, states, bilinear=False):
        super().__init__()
        self.bilinear = bilinear
        self.log_dt = nn.Parameter(torch.rand(heads) * math.log(100) + math.log(0.001))
        self.log_A_real = nn.Parameter(torch.full((heads, states), math.log(0.5)))
        self.A_imag = nn.Parameter(math.pi * torch.arange(float(states)).repeat(heads, 1))
        self.B = nn.Parameter(torch.view_as_real(torch.ones(heads, states, dtype=torch.cfloat)).clone())
        self.C = nn.Parameter(torch.view_as_real(torch.randn(heads, states, dtype=torch.cfloat)).clone())

    def forward(self, length):
        dt = self.log_dt.exp()[:, None]
        A = -self.log_A_real.exp() + 1j * self.A_imag
        BC = torch.view_as_complex(self.B) * torch.view_as_complex(self.C)
        if self.bilinear:
            below = 1 - A * dt / 2
            log_a = ((1 + A * dt / 2) / below).log()
            weight = BC * dt / below
        else:
            log_a = A * dt
            weight = BC * (log_a.exp() - 1) / A
        powers = torch.exp(log_a[..., None] * torch.arange(length))
        return 2 * torch.einsum("hn,hnl->hl", weight, powers).real


class S4D(nn.Module):
    """(batch, channel, time) → the same: kernel, convolution, skip."""

    def __init__(self, d_model, states):
        super().__init__()
        self.kernel = DiagonalKernel(d_model, states)
        self.D = nn.Parameter(torch.randn(d_model))

    def forward(self, u):
        return convolve(u, self.kernel(u.shape[-1])) + u * self.D[:, None]


class LongConv(nn.Module):
    """A free kernel as long as the input."""

    def __init__(self, d_model, length):
        super().__init__()
        self.kernel = nn.Parameter(0.02 * torch.randn(d_model, length))

    def forward(self, u):
        return convolve(u, self.kernel)


class H3(nn.Module):
    """(batch, time, channel) → the same (Fu et al. 2023), head_dim 1."""

    def __init__(self, d_model, states):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(d_model, d_model) for _ in range(4))
        self.shift_B = nn.Parameter(torch.eye(2 * states)[0].repeat(d_model, 1))
        self.shift_C = nn.Parameter(torch.randn(d_model, 2 * states) / math.sqrt(2 * states))
        self.shift_D, self.D = (nn.Parameter(torch.randn(d_model)) for _ in range(2))
        self.kernel = DiagonalKernel(d_model, states, bilinear=True)

    def forward(self, x):
        q, k, v = (f(x).transpose(1, 2) for f in (self.q, self.k, self.v))
        taps = self.shift_C.shape[-1]
        # Correlation of C with B.
        n = 2 * taps
        spectrum = torch.fft.rfft(self.shift_C, n=n) * torch.fft.rfft(self.shift_B, n=n).conj()
        shift = torch.fft.irfft(spectrum, n=n)[..., :taps]
        kv = (convolve(k, shift) + k * self.shift_D[:, None]) * v
        y = convolve(kv, self.kernel(x.shape[1])) + kv * self.D[:, None]
        return self.out((q * y).transpose(1, 2))


def prepare(build, channels_last=False):
    def prepared(request):
        batch, length, d_model = request["batch"], request["length"], request["d_model"]
        module = build(request)
        shape = (batch, length, d_model) if channels_last else (batch, d_model, length)
        x = torch.randn(*shape, requires_grad=True)
        cotangent = torch.randn_like(x)

        def run():
            module.zero_grad(set_to_none=True)
            x.grad = None
            module(x).backward(cotangent)

        return run

    return prepared


PREPARE = {
    "s4d": prepare(lambda r: S4D(r["d_model"], r["states"])),
    "long-conv": prepare(lambda r: LongConv(r["d_model"], r["length"])),
    "h3": prepare(lambda r: H3(r["d_model"], r["states"]), channels_last=True),
}
