/** @file `npm run reference`: writes docs/reference.md, the page of every key, from the definitions themselves. */
import fs from 'node:fs';
import path from 'node:path';
import { referencePage } from '../src/language';

const file = path.resolve(__dirname, '..', 'docs', 'reference.md');
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, referencePage());
console.log(`docs/reference.md: ${referencePage().split('\n').length} lines.`);
