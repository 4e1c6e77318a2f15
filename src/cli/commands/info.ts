/** @file `info`: versions and devices, for bug reports. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { installation } from '../root';

export function registerInfo(program: Command): void {
  program
    .command('info')
    .description('Print versions, devices and threads of this installation.')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { availableDevices } = await import('../../runtime/ort');
      const { defaultThreads } = await import('../../runtime/devices');
      const { version, root } = installation();
      const { runtimeVersion } = await import('../../runtime/versions');
      const info = {
        version,
        node: process.versions.node,
        onnxruntime: await runtimeVersion(),
        platform: `${process.platform}-${process.arch}`,
        cores: availableParallelism(),
        threads: defaultThreads(),
        devices: await availableDevices(),
        root,
      };
      if (json === true) process.stdout.write(`${JSON.stringify(info)}\n`);
      else {
        for (const [name, value] of Object.entries(info)) process.stdout.write(`${name}: ${String(value)}\n`);
      }
    });
}
