/**
 * @file Compiled graphs on disk, by the content of the graph that was compiled. Compiling a deep model takes as
 * long as everything else before the first step; a run of the same model reads the result instead.
 */
import { createHash, type Hash } from 'node:crypto';
import { readdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import { mkdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { compile, reachable, type Compiled, type Node, type Target, type Tensor } from '../../graph';
import { cacheFolder } from '../cache';

export interface GraphCache {
  readonly folder: string;
  /** What compiles: another program may write another graph for the same content. */
  readonly build: string;
  /** Bytes that are kept; the files that were not used for longest go first. */
  readonly limit: number;
  /** Graphs of fewer nodes are compiled at once. */
  readonly smallest: number;
}

const LIMIT = 256 * 2 ** 20;
const SMALLEST = 300;

let usual: GraphCache | undefined;

/** The cache of the installed program; undefined when it runs from source, which may change at any time. */
export function defaultGraphCache(): GraphCache | undefined {
  const program = process.argv[1] ?? '';
  if (basename(program) !== 'cli.js') return undefined;
  if (usual === undefined) {
    const { size, mtimeMs } = statSync(program);
    const build = `${program} ${size} ${mtimeMs}`;
    usual = { folder: join(cacheFolder(), 'graphs'), build, limit: LIMIT, smallest: SMALLEST };
  }
  return usual;
}

/** `compile`, or what it gave before. */
export async function compileCached(
  outputs: Readonly<Record<string, Tensor>>,
  target: Target,
  cache: GraphCache | undefined = defaultGraphCache(),
): Promise<Compiled> {
  const nodes = cache === undefined ? [] : reachable(Object.values(outputs));
  const key =
    cache === undefined || nodes.length < cache.smallest ? undefined : keyOf(nodes, outputs, target, cache);
  if (cache === undefined || key === undefined) return compile(outputs, { target });
  const file = join(cache.folder, `${key}.graph`);
  const known = await read(file);
  if (known) {
    await utimes(file, new Date(), new Date()).catch(() => {});
    return known;
  }
  const compiled = compile(outputs, { target });
  // Compiling again next time is all that is lost when this fails.
  await write(file, compiled, cache).catch(() => {});
  return compiled;
}

/** Hash of everything that decides the compiled graph; undefined for graphs that cannot be written down. */
function keyOf(
  nodes: readonly Node[],
  outputs: Readonly<Record<string, Tensor>>,
  target: Target,
  { build }: GraphCache,
): string | undefined {
  const hash = createHash('sha256').update(JSON.stringify([build, target]));
  const index = new Map<Tensor, number>();
  const place = (tensor: Tensor): number => index.get(tensor)!;
  for (const { operator, attributes, inputs, scope, outputs: results } of nodes) {
    hash.update(`\n${operator.name} ${scope} ${inputs.map(place).join()} `);
    if (!addAttributes(hash, attributes)) return undefined;
    for (const result of results) index.set(result, index.size);
  }
  for (const [name, tensor] of Object.entries(outputs)) hash.update(`\n${name} ${place(tensor)}`);
  return hash.digest('hex');
}

/** False for graphs in graphs. */
function addAttributes(hash: Hash, attributes: unknown): boolean {
  let plain = true;
  const text = JSON.stringify(attributes, (_key, value: unknown) => {
    if (ArrayBuffer.isView(value)) {
      hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      return value.constructor.name;
    }
    if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
    if (Object.is(value, -0)) return '-0';
    // Tensors are rings: each names its node, which names it again.
    if (typeof value === 'object' && value !== null && 'node' in value) plain = false;
    return plain ? value : undefined;
  });
  hash.update(text);
  return plain;
}

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const HASH_BYTES = 32;
const LENGTH_BYTES = 4;

/** A hash of the rest, the length of the description, the description, the model. */
async function write(file: string, compiled: Compiled, { folder, limit }: GraphCache): Promise<void> {
  const { model, ...description } = compiled;
  const text = Buffer.from(JSON.stringify(description));
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  const content = Buffer.concat([length, text, model]);
  mkdirSync(folder, { recursive: true });
  await writeFileAtomic(file, Buffer.concat([sha256(content), content]));
  await prune(folder, limit);
}

async function read(file: string): Promise<Compiled | undefined> {
  try {
    const bytes = await readFile(file);
    const content = bytes.subarray(HASH_BYTES);
    if (!sha256(content).equals(bytes.subarray(0, HASH_BYTES))) return undefined;
    const end = LENGTH_BYTES + content.readUInt32LE();
    const description = JSON.parse(content.toString('utf8', LENGTH_BYTES, end)) as Omit<Compiled, 'model'>;
    return { ...description, model: new Uint8Array(content.subarray(end)) };
  } catch {
    return undefined;
  }
}

async function prune(folder: string, limit: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.graph'));
  const files = await Promise.all(
    names.map(async (name) => {
      const path = join(folder, name);
      const { size, mtimeMs } = await stat(path);
      return { path, size, used: mtimeMs };
    }),
  );
  let total = files.reduce((sum, { size }) => sum + size, 0);
  for (const { path, size } of files.toSorted((a, b) => a.used - b.used)) {
    if (total <= limit) return;
    await rm(path, { force: true });
    total -= size;
  }
}
