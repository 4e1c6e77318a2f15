/** @file The links of the documents lead somewhere, and so do the paths that they name. */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';

const root = join(__dirname, '../..');
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));
const pages = ['.', 'docs', 'bench', 'examples', 'examples/experiments', 'media/data'].flatMap(pagesIn);
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

/** Anchors as GitHub makes them of headings, and those that stand in the text. */
const anchorsOf = (text: string): Set<string> =>
  new Set([
    ...[...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replace(/[^\p{L}\p{N}_\- ]/gu, '')
        .replaceAll(' ', '-'),
    ),
    ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!),
  ]);

describe('the documents', () => {
  for (const page of pages) {
    it(`${page} links to what is there`, () => {
      const text = textOf(page);
      for (const [, link] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(link!)) continue;
        const [path = '', anchor] = link!.split('#');
        const target = path === '' ? page : normalize(join(dirname(page), path));
        assert.ok(existsSync(join(root, target)), link);
        if (anchor !== undefined) assert.ok(anchorsOf(textOf(target)).has(anchor), link);
      }
    });

    it(`${page} names paths that are there`, () => {
      const named = textOf(page).matchAll(/`((?:src|test|bench|docs|examples|scripts|media)\/[\w./-]+)`/g);
      for (const [, path] of named) assert.ok(existsSync(join(root, path!)), path);
    });
  }
});
