/** @file The Model view: the layers of the config in the editor, with shapes and sizes; it follows the cursor. */
import * as vscode from 'vscode';
import type { Range } from 'vscode-languageclient';
import type { Studio } from '../studio';

/** As the language server answers `ssm/modelStructure`. */
interface ModelNode {
  readonly label: string;
  readonly description: string;
  readonly kind: 'model' | 'layer' | 'block';
  readonly index: number;
  readonly count: number;
  readonly range?: Range;
  readonly children: readonly ModelNode[];
}

const icons = { model: 'symbol-structure', layer: 'symbol-class', block: 'symbol-array' } as const;
/** Time after the last keystroke until the tree is asked for again, ms. */
const pause = 250;

export class ModelTree implements vscode.TreeDataProvider<ModelNode> {
  readonly #changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.#changed.event;
  #root: ModelNode | undefined;
  #parents = new Map<ModelNode, ModelNode>();
  #uri: vscode.Uri | undefined;
  #timer: NodeJS.Timeout | undefined;
  #view: vscode.TreeView<ModelNode> | undefined;

  constructor(private readonly studio: Studio) {}

  register(): vscode.Disposable {
    const view = vscode.window.createTreeView('ssm.model', { treeDataProvider: this });
    this.#view = view;
    return vscode.Disposable.from(
      view,
      this.#changed,
      view.onDidChangeVisibility(() => this.#soon()),
      vscode.window.onDidChangeActiveTextEditor(() => this.#soon()),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.toString() === this.#uri?.toString()) this.#soon();
      }),
      vscode.window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
        const at = selections[0]?.active;
        if (at && textEditor.document.uri.toString() === this.#uri?.toString()) void this.#follow(at);
      }),
      new vscode.Disposable(() => clearTimeout(this.#timer)),
    );
  }

  getTreeItem(node: ModelNode): vscode.TreeItem {
    const state =
      node.children.length > 0
        ? vscode.TreeItemCollapsibleState.Expanded
        : vscode.TreeItemCollapsibleState.None;
    const item = new vscode.TreeItem(node.label, state);
    item.description = node.description;
    item.tooltip = node.description === '' ? node.label : `${node.label}: ${node.description}`;
    item.iconPath = new vscode.ThemeIcon(icons[node.kind]);
    if (node.range && this.#uri) {
      const { start } = node.range;
      const selection = new vscode.Range(start.line, start.character, start.line, start.character);
      item.command = { title: 'Go to Layer', command: 'vscode.open', arguments: [this.#uri, { selection }] };
    }
    return item;
  }

  getChildren(node?: ModelNode): ModelNode[] {
    if (node) return [...node.children];
    return this.#root ? [this.#root] : [];
  }

  getParent(node: ModelNode): ModelNode | undefined {
    return this.#parents.get(node);
  }

  #soon(): void {
    clearTimeout(this.#timer);
    if (this.#view?.visible !== true) return;
    this.#timer = setTimeout(() => void this.#load(), pause);
  }

  async #load(): Promise<void> {
    const document = vscode.window.activeTextEditor?.document;
    // The view keeps its config while another kind of file is looked at.
    if (document?.languageId !== 'ssm-yaml') return;
    const { client } = await this.studio.server();
    const root = await client
      .sendRequest<ModelNode | null>('ssm/modelStructure', { textDocument: { uri: document.uri.toString() } })
      .catch(() => null);
    this.#uri = document.uri;
    this.#root = root ?? undefined;
    this.#parents = new Map();
    const visit = (node: ModelNode): void => {
      for (const child of node.children) {
        this.#parents.set(child, node);
        visit(child);
      }
    };
    if (root) visit(root);
    this.#changed.fire(undefined);
  }

  /** Selects the innermost layer around the cursor. */
  async #follow(at: vscode.Position): Promise<void> {
    if (this.#view?.visible !== true) return;
    let found: ModelNode | undefined;
    for (const node of this.#parents.keys()) {
      const { range } = node;
      if (range && range.start.line <= at.line && at.line <= range.end.line) found = node;
    }
    if (found) await this.#view.reveal(found, { select: true, focus: false });
  }
}
