/** @file Documentation of completion items, written when the user looks at one. */
import { MarkupKind, type CompletionItem } from 'vscode-languageserver';

/** Writes the Markdown of one item; undefined where there is none. */
export type Describe = () => string | undefined;

/** Which item of which answer is asked for; goes to the client and comes back from it. */
interface Ticket {
  readonly answer: number;
  readonly index: number;
}

/** Holds the texts of the last answer: an item of an older one is no longer shown. */
export class LazyDocs {
  private answer = 0;
  private texts: (Describe | undefined)[] = [];
  private readonly waiting = new WeakMap<CompletionItem, Describe>();

  /** @param lazy whether the client asks for documentation by itself */
  constructor(private readonly lazy: () => boolean) {}

  /** Adds documentation to an item, now or later. */
  readonly attach = (item: CompletionItem, describe: Describe): CompletionItem => {
    if (!this.lazy()) {
      const value = describe();
      return value === undefined || value === ''
        ? item
        : { ...item, documentation: { kind: MarkupKind.Markdown, value } };
    }
    this.waiting.set(item, describe);
    return item;
  };

  /** Makes the items of one answer resolvable. */
  finish(items: CompletionItem[]): CompletionItem[] {
    if (!this.lazy()) return items;
    this.answer++;
    this.texts = items.map((item) => this.waiting.get(item));
    return items.map((item, index) =>
      this.texts[index] ? { ...item, data: { answer: this.answer, index } satisfies Ticket } : item,
    );
  }

  resolve(item: CompletionItem): CompletionItem {
    const { answer, index } = (item.data ?? {}) as Partial<Ticket>;
    if (answer !== this.answer || index === undefined) return item;
    const value = this.texts[index]?.();
    return value === undefined || value === ''
      ? item
      : { ...item, documentation: { kind: MarkupKind.Markdown, value } };
  }
}
