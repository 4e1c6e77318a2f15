/** @file Writes dist/ssm.schema.json, the JSON Schema of a config for other YAML servers. Part of the build. */
import fs from 'node:fs';
import path from 'node:path';
import { jsonSchema } from '../src/language';

const file = path.resolve(__dirname, '..', 'dist', 'ssm.schema.json');
fs.mkdirSync(path.dirname(file), { recursive: true });
fs.writeFileSync(file, `${JSON.stringify(jsonSchema(), null, 2)}\n`);
