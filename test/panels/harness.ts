/**
 * @file A panel in headless Chromium without an editor: the real page and policy, the script bundled from source, a host
 * of ours behind `acquireVsCodeApi`.
 */
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import * as esbuild from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { makeNonce, panelPage } from '../../src/extension/panels/html';
import { themes, type ThemeName } from './themes';

const root = path.resolve(__dirname, '../..');
const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const hasBrowser = fs.existsSync(executablePath);

const panels = ['curves', 'scan', 'playground'] as const;
export type PanelName = (typeof panels)[number];

/** Runs in the page before the panel's script: the host's side of the door. */
const fakeHost = (parts: { variables: Record<string, string>; bodyClass: string; state: unknown }): void => {
  const host = { sent: [] as unknown[], state: parts.state, violations: [] as string[] };
  Object.assign(window, { host });
  document.addEventListener('securitypolicyviolation', (event) => {
    host.violations.push(
      `${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`,
    );
  });
  const apply = (): void => {
    for (const [name, value] of Object.entries(parts.variables)) {
      document.documentElement.style.setProperty(`--vscode-${name}`, value);
    }
    document.body.className = parts.bodyClass;
  };
  new MutationObserver((_, observer) => {
    if (!document.body) return;
    observer.disconnect();
    apply();
  }).observe(document, { childList: true, subtree: true });
  Object.assign(window, {
    acquireVsCodeApi: () => ({
      postMessage: (message: unknown) => host.sent.push(message),
      getState: () => host.state,
      setState: (state: unknown) => (host.state = JSON.parse(JSON.stringify(state))),
    }),
  });
};

export interface OpenOptions {
  readonly theme?: ThemeName;
  readonly width?: number;
  readonly height?: number;
  readonly state?: unknown;
  readonly scale?: number;
  readonly reducedMotion?: boolean;
}

export interface OpenPanel {
  readonly page: Page;
  /** Errors of the console and uncaught ones. */
  readonly errors: string[];
  /** Sends a message from the host; typed arrays stay typed arrays. */
  post(message: unknown): Promise<void>;
  sent(): Promise<{ type: string; [key: string]: unknown }[]>;
  state<T>(): Promise<T>;
  violations(): Promise<string[]>;
  setTheme(theme: ThemeName): Promise<void>;
  close(): Promise<void>;
}

/** Arrays of numbers on their way into the page. */
function pack(value: unknown): unknown {
  if (value instanceof Float64Array || value instanceof Float32Array || value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64');
    return { $typed: value.constructor.name, bytes };
  }
  if (Array.isArray(value)) return value.map(pack);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, pack(entry)]));
  }
  return value;
}

const unpackAndPost = (packed: unknown): void => {
  const unpack = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(unpack);
    if (typeof value !== 'object' || value === null) return value;
    const typed = value as { $typed?: string; bytes?: string };
    if (typed.$typed && typed.bytes !== undefined) {
      const text = atob(typed.bytes);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return typed.$typed === 'Float64Array'
        ? new Float64Array(bytes.buffer)
        : typed.$typed === 'Float32Array'
          ? new Float32Array(bytes.buffer)
          : bytes;
    }
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unpack(entry)]));
  };
  window.postMessage(unpack(packed), '*');
};

export class Harness {
  private constructor(
    private readonly server: http.Server,
    private readonly browser: Browser,
    private readonly files: Map<string, Buffer>,
    private readonly origin: string,
  ) {}

  static async start(): Promise<Harness> {
    const built = await esbuild.build({
      absWorkingDir: root,
      entryPoints: {
        ...Object.fromEntries(panels.map((name) => [name, `media/${name}/main.tsx`])),
        'curves-worker': 'media/curves/worker.ts',
      },
      bundle: true,
      outdir: 'dist',
      format: 'iife',
      jsx: 'automatic',
      jsxImportSource: 'preact',
      target: 'chrome120',
      loader: { '.svg': 'file' },
      assetNames: '[name]',
      write: false,
      logLevel: 'error',
    });
    const files = new Map(
      built.outputFiles.map((file) => [`/${path.basename(file.path)}`, Buffer.from(file.contents)]),
    );
    const pages = new Map<string, string>();
    const server = http.createServer((request, response) => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const file = files.get(url.pathname);
      const type = url.pathname.endsWith('.css')
        ? 'text/css'
        : url.pathname.endsWith('.js')
          ? 'text/javascript'
          : 'text/html';
      const page = pages.get(url.pathname);
      response.writeHead((file ?? page) ? 200 : 204, { 'content-type': `${type}; charset=utf-8` });
      response.end(file ?? page ?? '');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const origin = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`;
    for (const name of panels) {
      const page = panelPage({
        title: name,
        script: `${origin}/${name}.js`,
        style: `${origin}/${name}.css`,
        cspSource: origin,
        nonce: makeNonce(),
        panel: 'test',
      });
      pages.set(`/${name}`, page);
    }
    const browser = await chromium.launch({
      executablePath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new Harness(server, browser, files, origin);
  }

  /** Bytes of a bundled file, for its size. */
  size(name: string): number {
    return this.files.get(`/${name}`)?.length ?? 0;
  }

  async open(name: PanelName, options: OpenOptions = {}): Promise<OpenPanel> {
    const theme = themes[options.theme ?? 'dark'];
    const context = await this.browser.newContext({
      viewport: { width: options.width ?? 1360, height: options.height ?? 720 },
      deviceScaleFactor: options.scale ?? 1,
      reducedMotion: options.reducedMotion ? 'reduce' : 'no-preference',
    });
    const page = await context.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(String(error)));
    // Names that a bundler's helpers would have; tsx keeps function names with one.
    await page.addInitScript('globalThis.__name = (f) => f;');
    await page.addInitScript(fakeHost, {
      variables: { ...theme.variables },
      bodyClass: theme.bodyClass,
      state: options.state,
    });
    await page.goto(`${this.origin}/${name}`);
    await page.waitForSelector(`[data-testid=${name}]`);
    type Host = { sent: { type: string; [key: string]: unknown }[]; state: unknown; violations: string[] };
    const host = <K extends keyof Host>(key: K): Promise<Host[K]> =>
      page.evaluate((k) => (window as unknown as { host: Host }).host[k as keyof Host], key) as Promise<
        Host[K]
      >;
    return {
      page,
      errors,
      post: (message) => page.evaluate(unpackAndPost, pack(message)),
      sent: () => host('sent'),
      state: <T>() => host('state') as Promise<T>,
      violations: () => host('violations'),
      setTheme: (next) =>
        page.evaluate(
          ({ variables, bodyClass }) => {
            document.documentElement.removeAttribute('style');
            for (const [key, value] of Object.entries(variables)) {
              document.documentElement.style.setProperty(`--vscode-${key}`, value);
            }
            document.body.className = bodyClass;
          },
          { variables: { ...themes[next].variables }, bodyClass: themes[next].bodyClass },
        ),
      close: () => context.close(),
    };
  }

  /** A page that is no panel, by its text, while `use` runs. */
  async showing(
    html: string,
    options: { readonly width: number; readonly height: number; readonly scheme: 'light' | 'dark' },
    use: (page: Page) => Promise<void>,
  ): Promise<void> {
    const { width, height, scheme } = options;
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: scheme });
    try {
      const page = await context.newPage();
      await page.setContent(html);
      await use(page);
    } finally {
      await context.close();
    }
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
