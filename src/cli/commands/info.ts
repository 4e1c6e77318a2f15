/** @file `info`: what a checkpoint is; without one, versions and devices for bug reports. */
import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { toJson } from '../options';
import { installation } from '../root';
import { summaryText } from '../summary';

export function registerInfo(program: Command): void {
  program
    .command('info')
    .description(
      'Print what a checkpoint is; without one, versions, devices and threads of this installation.',
    )
    .argument('[checkpoint]', 'run folder, checkpoint folder or file')
    .option('--json', 'print JSON')
    .action(async (checkpoint: string | undefined, { json }: { json?: boolean }) => {
      if (checkpoint !== undefined) {
        const { listCheckpoints, summarise } = await import('../../runtime/checkpoint');
        // Of a run its newest.
        const newest = (await listCheckpoints(checkpoint)).at(-1)?.path;
        const summary = await summarise(newest ?? checkpoint);
        process.stdout.write(json === true ? `${toJson(summary)}\n` : summaryText(summary));
        return;
      }
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
