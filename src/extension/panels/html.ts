/** @file The page of a panel: a strict policy, one script with a nonce, one stylesheet. Knows nothing of the editor. */

export interface PageParts {
  readonly title: string;
  /** Address of the bundle and of its stylesheet. */
  readonly script: string;
  readonly style: string;
  /** Where the editor serves resources of panels from. */
  readonly cspSource: string;
  readonly nonce: string;
  /** Which panel this is, read by its script. */
  readonly panel: string;
  /** State of an earlier page, where the editor has none for this one. */
  readonly saved?: unknown;
}

export function contentSecurityPolicy(cspSource: string, nonce: string): string {
  return [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} 'nonce-${nonce}'`,
    `img-src ${cspSource} blob: data:`,
    `font-src ${cspSource}`,
    // A worker of a webview has to be a blob, whose text is fetched from beside the script.
    `connect-src ${cspSource}`,
    'worker-src blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
}

const escape = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');

export function panelPage(parts: PageParts): string {
  const { title, script, style, cspSource, nonce, panel, saved } = parts;
  const state = saved === undefined ? '' : ` data-saved="${escape(JSON.stringify(saved))}"`;
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${escape(contentSecurityPolicy(cspSource, nonce))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${escape(style)}">
<title>${escape(title)}</title>
</head>
<body>
<div id="root" data-panel="${escape(panel)}"${state}></div>
<script nonce="${escape(nonce)}" src="${escape(script)}"></script>
</body>
</html>
`;
}

/** 128 bits that no page can guess. */
export function makeNonce(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
