/**
 * @file A real VS Code for a test: a server of its own (profile, extensions, workspace in a temporary folder) and a
 * page of headless Chromium in it, with what went wrong in the page collected.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { format } from 'node:util';
import { chromium, type Browser, type Frame, type Page } from 'playwright-core';
import { ensureEditor } from '../../../scripts/editor/install.mjs';
import { installVsix, startEditorServer } from '../../../scripts/editor/server.mjs';
import { findChromium, root } from '../../../scripts/steps.mjs';

export const artifacts = path.join(root, 'test-artifacts');

export interface EditorOptions {
  /** Workspace Trust on: a new folder opens in Restricted Mode. */
  readonly trust?: boolean;
  /** A packaged extension; without it the checkout itself is loaded as an extension under development. */
  readonly vsix?: string;
  readonly settings?: Record<string, unknown>;
  /** Added to the environment of the editor's server. */
  readonly environment?: Record<string, string>;
  /** Files of the workspace, by relative path. */
  readonly files?: Record<string, string>;
}

export interface EditorSession {
  readonly page: Page;
  /** Folder that is open. */
  readonly workspace: string;
  /** Errors of the console and violations of a Content Security Policy that come from our panels. */
  readonly problems: string[];
  readonly userData: string;
  /** Opens the folder again in the same page, as a new window would. */
  open(): Promise<void>;
  /** Ends the editor with its extension host, and starts it anew with the same profile, at the same address. */
  restart(): Promise<void>;
  screenshot(name: string): Promise<string>;
  close(): Promise<void>;
}

const settings = {
  'workbench.colorTheme': 'Default Dark Modern',
  'workbench.startupEditor': 'none',
  'workbench.tips.enabled': false,
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'extensions.ignoreRecommendations': true,
  'extensions.autoCheckUpdates': false,
  'extensions.autoUpdate': false,
  'window.titleBarStyle': 'custom',
  'update.mode': 'none',
  'telemetry.telemetryLevel': 'off',
  'editor.accessibilitySupport': 'off',
  'files.simpleDialog.enable': true,
};

/** Messages of the editor itself that say nothing about the extension. */
const harmless = [
  /favicon|manifest|service.?worker|vsda|gallery|marketplace|open-vsx|\.map\b/i,
  /net::ERR_(NAME_NOT_RESOLVED|INTERNET_DISCONNECTED|CONNECTION_REFUSED|ABORTED)/,
];

let browser: Promise<Browser> | undefined;

function launch(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined) throw new Error('No Chromium: run npm test once, it installs it.');
  browser ??= chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--disable-dev-shm-usage',
    ],
  });
  return browser;
}

export async function closeBrowser(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

export async function openEditor(options: EditorOptions = {}): Promise<EditorSession> {
  const editor = await ensureEditor((line: string) => console.log(line));
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-e2e-'));
  const workspace = path.join(base, 'project');
  const userData = path.join(base, 'server');
  const extensions = path.join(base, 'extensions');
  fs.mkdirSync(workspace, { recursive: true });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    fs.mkdirSync(path.dirname(path.join(workspace, name)), { recursive: true });
    fs.writeFileSync(path.join(workspace, name), text);
  }
  if (options.vsix !== undefined) {
    await installVsix(editor, options.vsix, { extensions, data: path.join(base, 'install') });
  }
  const start = (port?: number) =>
    startEditorServer(editor, {
      data: userData,
      extensions,
      token: false,
      trust: options.trust === true,
      settings: { ...settings, ...options.settings },
      ...(options.environment === undefined ? {} : { environment: options.environment }),
      ...(port === undefined ? {} : { port }),
    });
  let server = await start();
  const context = await (await launch()).newContext({ viewport: { width: 1440, height: 880 } });
  const page = await context.newPage();
  const problems: string[] = [];
  page.on('console', (message) => {
    const text = message.text();
    const ours =
      /ssm-studio|dist\/media|webview/i.test(message.location().url) || /content security policy/i.test(text);
    if (
      message.type() !== 'error' ||
      !ours ||
      harmless.some((pattern) => pattern.test(`${text} ${message.location().url}`))
    )
      return;
    problems.push(`${text} (${message.location().url})`);
  });
  page.on('pageerror', (error) => {
    // The editor's own frame around a page names its extension in its address; its errors are not the page's.
    const stack = (error.stack ?? '').replaceAll(/\?[^\s)]*/g, '');
    if (/ssm-studio|dist\/media/.test(stack)) problems.push(String(error.stack));
  });
  const open = async (): Promise<void> => {
    await page.goto(
      server.address({ folder: workspace, ...(options.vsix === undefined ? { extension: root } : {}) }),
      { waitUntil: 'domcontentloaded' },
    );
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
  };
  await open();
  return {
    page,
    workspace,
    problems,
    userData,
    open,
    async restart() {
      await page.goto('about:blank');
      await server.stop();
      server = await start(server.port);
      await open();
    },
    async screenshot(name) {
      fs.mkdirSync(artifacts, { recursive: true });
      const file = path.join(artifacts, `${name}.png`);
      await page.screenshot({ path: file });
      return file;
    },
    async close() {
      await context.close();
      await server.stop();
      if (process.env.SSM_KEEP === undefined) fs.rmSync(base, { recursive: true, force: true });
    },
  };
}

/** Runs a bundled suite in the extension host; resolves with its exit code and what it logged. */
export async function runInHost(suite: string): Promise<{ code: number; log: string }> {
  const editor = await ensureEditor((line: string) => console.log(line));
  const base = fs.mkdtempSync(path.join(os.tmpdir(), 'ssm-host-'));
  const server = await startEditorServer(editor, {
    data: path.join(base, 'server'),
    extensions: path.join(base, 'extensions'),
    token: false,
    trust: false,
    tests: true,
    settings,
  });
  const context = await (await launch()).newContext();
  try {
    const page = await context.newPage();
    const lines: string[] = [];
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      lines.push(format(...args));
    });
    const ended = new Promise<number>((resolve) => {
      void page.exposeFunction('codeAutomationExit', (code: number) => resolve(code));
    });
    await page.goto(server.address({ folder: base, extension: root, tests: suite }));
    const code = await Promise.race([
      ended,
      new Promise<number>((_, reject) =>
        setTimeout(() => reject(new Error('The host suite did not end.')), 120_000),
      ),
    ]);
    return { code, log: lines.join('\n') };
  } finally {
    await context.close();
    await server.stop();
    fs.rmSync(base, { recursive: true, force: true });
  }
}

/** The frame in which a panel of ours draws, found by an element only that panel has. */
export async function panelFrame(page: Page, selector: string, timeout = 30_000): Promise<Frame> {
  const deadline = Date.now() + timeout;
  while (Date.now() < deadline) {
    for (const frame of page.frames()) {
      if (frame.isDetached()) continue;
      const found = await frame.$(selector).catch(() => null);
      if (found !== null && (await found.isVisible().catch(() => false))) return frame;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`No panel shows ${selector} within ${timeout / 1000} s`);
}
