/** @file `install-cuda`: fetches the libraries of the CUDA device, which are too large to be shipped. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import type { Command } from 'commander';
import { installation } from '../root';

/** Platforms for which the runtime's makers publish the libraries as a download of their own. */
const PLATFORM = 'linux/x64';
const LIBRARIES = ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'];

export function registerInstallCuda(program: Command): void {
  program
    .command('install-cuda')
    .description('Fetch the libraries of the CUDA device (Linux x64, CUDA 12 and cuDNN 9; about 400 MB).')
    .option('--check', 'only say whether they are there')
    .action(async ({ check }: { readonly check?: boolean }) => {
      const problem = platformProblem(process.platform, process.arch);
      if (problem !== undefined) throw new Error(problem);
      const runtime = dirname(
        createRequire(join(installation().root, 'package.json')).resolve('onnxruntime-node/package.json'),
      );
      const folder = join(runtime, 'bin', 'napi-v6', PLATFORM);
      const missing = LIBRARIES.filter((name) => !existsSync(join(folder, name)));
      if (missing.length === 0) {
        process.stdout.write(`The CUDA libraries are in ${folder}. Train with --device cuda.\n`);
        return;
      }
      if (check === true) throw new Error(`Missing in ${folder}: ${missing.join(', ')}.`);
      const script = join(runtime, 'script', 'install.js');
      if (!existsSync(script)) throw new Error(byHand(folder));
      process.stdout.write(`Fetching the CUDA libraries of the runtime into ${folder}.\n`);
      await run(script);
      const still = LIBRARIES.filter((name) => !existsSync(join(folder, name)));
      if (still.length > 0) throw new Error(byHand(folder));
      process.stdout.write('Done. Train with --device cuda.\n');
    });
}

/** Why the libraries cannot be fetched on a platform. */
export function platformProblem(platform: string, arch: string): string | undefined {
  if (platform === 'linux' && arch === 'x64') return undefined;
  if (platform === 'win32')
    return 'On Windows use --device directml or webgpu; CUDA is offered on Linux x64 only.';
  if (platform === 'darwin') return 'There is no CUDA on macOS. Use --device webgpu or coreml.';
  return `The runtime has no CUDA libraries for ${platform} ${arch}. Use --device webgpu or cpu.`;
}

const byHand = (folder: string): string =>
  'The CUDA libraries could not be fetched. Take the NuGet package Microsoft.ML.OnnxRuntime.Gpu.Linux of the ' +
  `version that \`ssm-studio info\` names, and copy ${LIBRARIES.join(' and ')} from its ` +
  `runtimes/linux-x64/native into ${folder}.`;

function run(script: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, '--onnxruntime-node-install=cuda12'], {
      stdio: 'inherit',
    });
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}
