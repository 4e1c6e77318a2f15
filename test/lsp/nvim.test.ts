/** @file A client that is not ours, Neovim, headless: diagnostics, completion, hover and a quick fix. */
import * as assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

const root = path.resolve(__dirname, '../..');
const version = /^NVIM v(\S+)/.exec(spawnSync('nvim', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];

/** Opens the config, asks for everything and writes what it was told as JSON. */
const script = (node: string, result: string): string => `
local uv = vim.loop
local out = {}
local id = vim.lsp.start_client({
  name = 'ssm', cmd = {${node}}, root_dir = uv.cwd(),
})
vim.lsp.buf_attach_client(0, id)
local client = vim.lsp.get_client_by_id(id)
local function wait(what, done)
  if not vim.wait(20000, done, 20) then out.failed = what; end
end
local function ask(method, params)
  local answer = vim.lsp.buf_request_sync(0, method, params, 20000)
  return answer and answer[id] and answer[id].result
end
wait('initialize', function() return client.initialized end)
wait('diagnostics', function() return #vim.diagnostic.get(0) > 0 end)
out.before = vim.tbl_map(function(d) return { d.code, d.lnum, d.col, d.end_col, d.source } end, vim.diagnostic.get(0))
local here = vim.lsp.util.make_text_document_params()
out.hover = ask('textDocument/hover', { textDocument = here, position = { line = 2, character = 5 } })
out.completion = ask('textDocument/completion', { textDocument = here, position = { line = 4, character = 13 } })
local actions = ask('textDocument/codeAction', {
  textDocument = here,
  range = { start = { line = 4, character = 14 }, ['end'] = { line = 4, character = 14 } },
  context = { diagnostics = {} },
})
vim.lsp.util.apply_workspace_edit(actions[1].edit, client.offset_encoding)
out.text = vim.api.nvim_buf_get_lines(0, 0, -1, false)
wait('no diagnostics', function() return #vim.diagnostic.get(0) == 0 end)
out.after = #vim.diagnostic.get(0)
local file = io.open(${JSON.stringify(result)}, 'w')
file:write(vim.fn.json_encode(out))
file:close()
vim.cmd('qa!')
`;

interface Told {
  readonly failed?: string;
  readonly before: [string, number, number, number, string][];
  readonly hover: { readonly contents: { readonly value: string } };
  readonly completion: { readonly label: string; readonly textEdit: { readonly newText: string } }[];
  readonly text: string[];
  readonly after: number;
}

describe('another client', () => {
  const title = 'Neovim opens a config, gets diagnostics, completion and hover, and applies a quick fix';
  it(title, function () {
    if (version === undefined) {
      this.test!.title += ' (skipped: nvim is not installed)';
      this.skip();
    }
    const folder = mkdtempSync(path.join(os.tmpdir(), 'ssm-nvim-'));
    try {
      const config = path.join(folder, 'a.ssm.yaml');
      const result = path.join(folder, 'told.json');
      writeFileSync(config, 'data: induction-heads\nmodel:\n  d_model: 32\n  layers:\n    - mixer: mambo\n');
      const tsx = path.join(root, 'node_modules', 'tsx', 'dist', 'loader.mjs');
      const command = [
        process.execPath,
        '--import',
        tsx,
        path.join(root, 'language-server', 'main.ts'),
        '--stdio',
      ];
      const lua = path.join(folder, 'drive.lua');
      writeFileSync(lua, script(command.map((part) => JSON.stringify(part)).join(', '), result));
      const { stderr, error } = spawnSync(
        'nvim',
        ['--headless', '-u', 'NONE', '-i', 'NONE', '-n', config, '-c', `luafile ${lua}`],
        {
          encoding: 'utf8',
          timeout: 60_000,
          cwd: folder,
          env: { ...process.env, XDG_STATE_HOME: folder, XDG_CACHE_HOME: folder },
        },
      );
      assert.equal(error, undefined, stderr);
      const told = JSON.parse(readFileSync(result, 'utf8')) as Told;
      assert.equal(told.failed, undefined, stderr);
      assert.deepEqual(told.before, [['unknown-value', 4, 13, 18, 'ssm']]);
      assert.match(told.hover.contents.value, /\*\*d_model\*\*/);
      const mamba = told.completion.find(({ label }) => label === 'mamba');
      assert.doesNotMatch(mamba?.textEdit.newText ?? '$', /\$/, 'no snippets for a client without');
      assert.equal(told.text[4], '    - mixer: mamba');
      assert.equal(told.after, 0);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }).timeout(90_000);
});
