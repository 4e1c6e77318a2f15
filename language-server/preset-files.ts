/** @file Where the text of a preset can be opened: a document of the client's own scheme, or a file. */
import { promises as fs } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { URI } from 'vscode-uri';

/** Scheme of documents that our own client fills through `ssm/preset`. */
export const presetScheme = 'ssm-preset';

export const virtualPreset = (name: string): string => `${presetScheme}:/${name}.ssm.yaml`;

/** A read-only file with the text, for clients that know no such scheme. */
export async function presetFile(name: string, text: string): Promise<string> {
  const user = os.userInfo().uid;
  const folder = path.join(os.tmpdir(), `ssm-studio-presets-${user}`);
  await fs.mkdir(folder, { recursive: true, mode: 0o700 });
  const file = path.join(folder, `${name}.ssm.yaml`);
  const known = await fs.readFile(file, 'utf8').catch(() => undefined);
  if (known !== text) {
    await fs.rm(file, { force: true });
    await fs.writeFile(file, text, { mode: 0o444, flag: 'wx' });
  }
  return URI.file(file).toString();
}

/** A preset lacks data on purpose: it is looked at, not checked. */
export const isPreset = (uri: string): boolean =>
  uri.startsWith(`${presetScheme}:`) || uri.includes('/ssm-studio-presets-');
