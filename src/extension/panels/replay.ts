/** @file Reads the probes of training that a run folder holds; one that cannot be read leaves a gap. */
import fs from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod';
import type { Frame } from '../../protocol/view-scan';
import { readLayerSurveys } from './inspection';

const fileSchema = z.object({
  step: z.number(),
  loss: z.number().optional(),
  probability: z.number().optional(),
  tokens: z.array(z.string()),
  surveys: z.unknown(),
});

/** Frames that are shown at most: they are thinned evenly, first and last kept. */
const MOST = 80;

export async function readFrames(dir: string): Promise<{ frames: Frame[]; tokens: string[] }> {
  const folder = path.join(dir, 'probes');
  const names = (await fs.readdir(folder).catch(() => [] as string[]))
    .filter((name) => /^training-\d{8,}\.json$/.test(name))
    .toSorted();
  const chosen =
    names.length <= MOST
      ? names
      : Array.from({ length: MOST }, (_, k) => names[Math.round((k * (names.length - 1)) / (MOST - 1))]!);
  const frames: Frame[] = [];
  let tokens: string[] = [];
  for (const name of chosen) {
    try {
      const {
        surveys,
        tokens: own,
        ...rest
      } = fileSchema.parse(JSON.parse(await fs.readFile(path.join(folder, name), 'utf8')));
      frames.push({ ...rest, surveys: readLayerSurveys(surveys) });
      tokens = own;
    } catch {
      // Half-written or from another version: a gap, not a failure.
    }
  }
  return { frames, tokens };
}
