/** @file The manifest and the code name the same commands, settings, views and files. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const manifest = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  contributes: {
    commands: { command: string; title: string; category: string }[];
    menus: Record<string, { command: string; when?: string }[]>;
    configuration: { properties: Record<string, { default?: unknown; enum?: unknown[]; scope?: string }> }[];
    views: Record<string, { id: string; icon: string }[]>;
    viewsContainers: { activitybar: { icon: string }[] };
    walkthroughs: { steps: { description: string; media: { svg: string }; completionEvents: string[] }[] }[];
    languages: { configuration: string; icon: Record<string, string> }[];
    grammars?: { path: string }[];
  };
  icon: string;
};
const { contributes } = manifest;

function sources(folder: string): string[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const full = path.join(folder, entry.name);
    return entry.isDirectory()
      ? sources(full)
      : /\.tsx?$/.test(entry.name)
        ? [fs.readFileSync(full, 'utf8')]
        : [];
  });
}
const code = ['src/extension', 'language-server']
  .flatMap((folder) => sources(path.join(root, folder)))
  .join('\n');
const table = fs.readFileSync(path.join(root, 'src/extension/commands/index.ts'), 'utf8');
const registered = new Set([...table.matchAll(/^ {2}'(ssm\.\w+)':/gm)].map(([, id]) => id!));
const declared = new Set(contributes.commands.map(({ command }) => command));

describe('manifest', () => {
  it('declares exactly the commands that are registered', () => {
    assert.ok(registered.size > 10);
    assert.deepEqual([...declared].toSorted(), [...registered].toSorted());
  });

  it('gives every command the category and a title in title case', () => {
    for (const { command, title, category } of contributes.commands) {
      assert.equal(category, 'SSM Studio', command);
      assert.match(title, /^[A-Z]/, command);
    }
  });

  it('uses only declared commands in menus and walkthrough', () => {
    for (const [menu, entries] of Object.entries(contributes.menus)) {
      for (const { command } of entries) assert.ok(declared.has(command), `${menu}: ${command}`);
    }
    for (const step of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      for (const [, command] of step.description.matchAll(/command:([\w.]+)/g)) {
        assert.ok(declared.has(command!), command);
      }
    }
  });

  it('reads every setting that it declares, and declares every one it reads', () => {
    const settings = contributes.configuration.flatMap(({ properties }) => Object.keys(properties));
    for (const setting of settings) {
      const short = setting.replace(/^ssm\./, '');
      // vscode-languageclient reads `<client id>.trace.server` itself.
      if (short === 'trace.server') continue;
      const last = short.split('.');
      const found = code.includes(`'${short}'`) || last.every((part) => code.includes(part));
      assert.ok(found, `${setting} is declared and never read`);
    }
    for (const [, key] of code.matchAll(/getConfiguration\('ssm'\)\s*\.get(?:<[^>]*>)?\(\s*'([\w.]+)'/g)) {
      assert.ok(settings.includes(`ssm.${key}`), `ssm.${key} is read and not declared`);
    }
  });

  it('has a default within the choices of every setting', () => {
    for (const [name, { default: value, enum: choices, scope }] of contributes.configuration.flatMap(
      ({ properties }) => Object.entries(properties),
    )) {
      assert.notEqual(value, undefined, name);
      assert.notEqual(scope, undefined, name);
      if (choices !== undefined) assert.ok(choices.includes(value), name);
    }
  });

  it('sets every context key of its own that a condition asks for', () => {
    const conditions = JSON.stringify(contributes);
    const keys = new Set(
      [...conditions.matchAll(/(?<![\w.'/:])ssm\.(runActive|hasRuns|\w+Active)\b/g)].map(([key]) => key),
    );
    for (const key of keys) assert.ok(code.includes(`'${key}'`), `${key} is never set`);
    assert.ok(keys.has('ssm.runActive'));
  });

  it('names only files that are there', () => {
    const files = [
      manifest.icon,
      ...contributes.viewsContainers.activitybar.map(({ icon }) => icon),
      ...contributes.walkthroughs.flatMap(({ steps }) => steps.map(({ media }) => media.svg)),
      ...contributes.languages.flatMap(({ configuration, icon }) => [configuration, ...Object.values(icon)]),
      ...(contributes.grammars ?? []).map((grammar) => grammar.path),
    ];
    for (const file of files) assert.ok(fs.existsSync(path.join(root, file)), file);
  });
});
