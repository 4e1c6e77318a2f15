/** @file Peers in PyTorch. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '../src/cli/root';
import { Child } from './child';

/** Python to use: `SSM_BENCH_PYTHON`, else the system's, which is where Debian's python3-torch lives. */
const candidates = [process.env['SSM_BENCH_PYTHON'], '/usr/bin/python3', 'python3'].filter(
  (p) => p !== undefined,
);

let python: string | null | undefined;

/** A Python that has PyTorch, or null. */
export function findPython(): string | null {
  if (python === undefined) {
    python = null;
    for (const candidate of candidates) {
      try {
        execFileSync(candidate, ['-c', 'import torch'], { stdio: 'ignore', timeout: 60_000 });
        python = candidate;
        break;
      } catch {
        // not there, or without PyTorch: try the next
      }
    }
  }
  return python;
}

/** The peers' script; a packaged extension comes without it. */
function script(): string | null {
  const place = join(installation().root, 'bench', 'peers', 'torch_peer.py');
  return existsSync(place) ? place : null;
}

/**
 * glibc gives large blocks back to the system as soon as they are free, so that every tensor of PyTorch is fresh memory,
 * and some virtual machines take ten times the tensor's arithmetic to hand that out. With these it reuses its memory,
 * as ours does.
 */
const KEEPING = {
  MALLOC_MMAP_THRESHOLD_: '4000000000',
  MALLOC_TRIM_THRESHOLD_: '16000000000',
  MALLOC_TOP_PAD_: '64000000',
};

/** PyTorch as it is installed, and with memory that it keeps; the second is the faster one nearly everywhere. */
const ALLOCATORS = [
  { suffix: '', variables: {} },
  { suffix: ', memory kept', variables: KEEPING },
];

const nameOf = (variant: string, suffix: string): string => `PyTorch eager, ${variant}${suffix}`;
const peerNames = (variant: string): string[] => ALLOCATORS.map(({ suffix }) => nameOf(variant, suffix));

/** Two peers per variant of a request, prepared; empty without PyTorch. */
export async function torchPeers(
  request: object,
  variants: readonly { readonly name: string; readonly request?: object }[],
  threads: number,
): Promise<Child[]> {
  const command = findPython();
  const file = script();
  if (command === null || file === null) return [];
  // PyTorch does not pass its number of threads on to Debian's OpenBLAS.
  const own = { OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  const all = variants.flatMap((variant) =>
    ALLOCATORS.map(({ suffix, variables }) => ({ ...variant, suffix, variables: { ...own, ...variables } })),
  );
  return Promise.all(
    all.map(async ({ name, suffix, variables, ...variant }) => {
      const peer = new Child(nameOf(name, suffix), command, [file], variables);
      const { gemm_gflops } = await peer.ask({ do: 'prepare', ...request, ...variant.request, threads });
      if (gemm_gflops! < SLOW_GEMM) warnOfSlowBlas(gemm_gflops!);
      return peer;
    }),
  );
}

/** The scans of Mamba that PyTorch can run here, and mamba.py's own where `SSM_BENCH_MAMBA_PY` names a checkout. */
export function scanVariants(): { readonly name: string; readonly request: object }[] {
  const checkout = process.env['SSM_BENCH_MAMBA_PY'];
  const own = ['loop', 'parallel', 'sweep'].map((scan) => ({ name: scan, request: { scan } }));
  return checkout ? [...own, { name: 'mamba.py', request: { scan: 'mamba.py', checkout } }] : own;
}

/** Peers by the name that `torchPeers` gives them: the parallel scan of mamba.py, or ours after the same method. */
export const parallelScan = (): readonly string[] =>
  peerNames(process.env['SSM_BENCH_MAMBA_PY'] ? 'mamba.py' : 'sweep');

/** Billions of operations per second below which PyTorch has no tuned matrix product. */
const SLOW_GEMM = 6;
let warned = false;

function warnOfSlowBlas(gflops: number): void {
  if (warned) return;
  warned = true;
  process.stderr.write(
    `This PyTorch multiplies matrices at ${gflops.toFixed(1)} GFLOP/s, so ratios flatter us. Install a tuned BLAS ` +
      '(on Debian: libopenblas0), or name another Python in SSM_BENCH_PYTHON.\n',
  );
}
