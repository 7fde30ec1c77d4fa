import { apiVersionOf } from './catalog.ts';
import type { JsonObject, KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';

/** Stored objects never change, so their text is made once. */
const texts = new WeakMap<JsonObject, string>();

export function objectText(object: JsonObject): string {
  let text = texts.get(object);
  if (text === undefined) {
    text = JSON.stringify(object);
    texts.set(object, text);
  }
  return text;
}

export interface ListMeta {
  readonly resourceVersion: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
}

/** A list; the items of built-in kinds don't repeat their kind and apiVersion. */
export function listText(kind: Kind, items: readonly KubeObject[], metadata: ListMeta): string {
  const prefix = `{"kind":"${kind.kind}","apiVersion":"${apiVersionOf(kind)}",`;
  const item = (object: KubeObject): string => {
    const text = objectText(object);
    return !kind.custom && text.startsWith(prefix) ? `{${text.slice(prefix.length)}` : text;
  };
  const head = `{"kind":"${kind.kind}List","apiVersion":"${apiVersionOf(kind)}","metadata":${JSON.stringify(metadata)}`;
  return `${head},"items":[${items.map(item).join(',')}]}\n`;
}
