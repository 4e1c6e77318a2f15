"""Peers in PyTorch, measured one repetition at a time so that they interleave with ours.

Reads one JSON object per line, answers with one per line:
  {"do": "prepare", "case": "mamba-block", "batch": 4, "length": 512, "d_model": 256, "scan": "sweep", "threads": 2}
      -> {"version": "1.13.1", "threads": 2, "gemm_gflops": 80.1}
  {"do": "run"}       -> {"ms": 123.4, "cpu_ms": 240.0}
  {"do": "memory"}    -> {"peak_mb": 456.7}
"""

import json
import resource
import sys
import time

import torch

import cases


def gemm_gflops():
    """How fast this PyTorch multiplies matrices: it tells a tuned BLAS from Debian's reference."""
    a, b = torch.randn(512, 512), torch.randn(512, 512)
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        a @ b
        best = min(best, time.perf_counter() - start)
    return 2 * 512**3 / best / 1e9


def main():
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "prepare":
            torch.manual_seed(0)
            torch.set_num_threads(request["threads"])
            answer = {"version": torch.__version__, "threads": torch.get_num_threads(), "gemm_gflops": gemm_gflops()}
            run = cases.PREPARE[request["case"]](request)
        elif request["do"] == "run":
            start, cpu = time.perf_counter(), time.process_time()
            run()
            answer = {"ms": 1000 * (time.perf_counter() - start), "cpu_ms": 1000 * (time.process_time() - cpu)}
        else:
            answer = {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
