import { load, loadAll, YAMLException } from 'js-yaml';
import { asArray, asRecord, asString, at, isRecord } from '../../kube/read.ts';
import type { Resource } from '../../kube/resources.ts';
import type { RawObject } from '../../kube/types.ts';
import { megabytes, quoted, refused } from './file-entry.ts';
import { type FileRole, resourceOf } from './file-names.ts';
import type { FileLimits } from './limits.ts';

/** Parsing a document as a whole takes 25 times its size. */
const WHOLE_DOCUMENT_BYTES = 32_000_000;

/** What a file holds of the kinds that checks look at. */
export interface ParsedFile {
  readonly objects: readonly RawObject[];
  /** Kinds that the file lists, be the list empty. */
  readonly listed: readonly Resource[];
}

/**
 * The objects of what kubectl or a sysdump printed: single objects, lists, and several documents. What is no object of
 * Kubernetes, such as Helm values, is passed over.
 * @param path of the archive or folder, for messages
 * @throws UsageError for text that is no YAML or JSON, uses aliases, or is nested too deep
 */
export function parseObjects(
  bytes: Buffer,
  name: string,
  role: FileRole,
  path: string,
  limits: FileLimits,
): ParsedFile {
  const objects: RawObject[] = [];
  const listed: Resource[] = [];
  try {
    for (const document of documentsOf(decode(bytes), role, limits)) {
      const parsed = sort(document, role);
      objects.push(...parsed.objects);
      listed.push(...parsed.listed);
    }
  } catch (error) {
    throw refused(path, `${quoted(name)} ${problemOf(error)}`, error);
  }
  return { objects, listed };
}

/** PowerShell writes UTF-16. */
function decode(bytes: Buffer): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding, { fatal: true }).decode(bytes);
}

function problemOf(error: unknown): string {
  if (error instanceof YAMLException) {
    if (error.reason.includes('maxAliases')) return 'uses YAML aliases, which kubectl and cilium never write';
    if (error.reason.includes('maxDepth')) return 'is nested too deep';
    const line = error.mark === undefined ? '' : `, line ${error.mark.line + 1} of a document or item`;
    return `is no YAML (${error.reason}${line})`;
  }
  if (error instanceof TooMuch) return error.message;
  if (error instanceof SyntaxError) return `is no JSON (${error.message.slice(0, 200)})`;
  return `is no text (${error instanceof Error ? error.message : String(error)})`;
}

class TooMuch extends Error {}

function* documentsOf(text: string, { format }: FileRole, limits: FileLimits): Generator<unknown> {
  if (format === 'json') {
    const document: unknown = JSON.parse(text);
    refuseDeep(document, limits.depth);
    yield document;
    return;
  }
  for (const part of text.split(/^---[ \t]*\r?$/m)) {
    const list = splitList(part);
    if (list !== undefined) {
      const items = list.items.map((item) => asArray(load(item, yamlOptions(limits)))[0]);
      yield { ...asRecord(loadAll(list.around, yamlOptions(limits))[0]), items };
    } else if (part.length > WHOLE_DOCUMENT_BYTES) {
      throw new TooMuch(`has a document of ${megabytes(part.length)} that is no list as kubectl prints it`);
    } else {
      yield* loadAll(part, yamlOptions(limits));
    }
  }
}

function yamlOptions({ depth }: FileLimits): { readonly maxDepth: number; readonly maxAliases: number } {
  return { maxDepth: depth, maxAliases: 0 };
}

/** A list as kubectl and cilium print it: its items one by one, each with the dash, and what is around them. */
function splitList(text: string): { readonly items: readonly string[]; readonly around: string } | undefined {
  const head = /^items:[ \t]*\r?\n(?=- )/m.exec(text);
  if (head === null) return undefined;
  const begin = head.index + head[0].length;
  // The next line that begins with a key ends the list: what belongs to an item is indented.
  const key = /^[^\s#-]/gm;
  key.lastIndex = begin;
  const end = key.exec(text)?.index ?? text.length;
  const items = text.slice(begin, end).split(/^(?=- )/m);
  return { items, around: `${text.slice(0, head.index)}${text.slice(end)}` };
}

/** Without recursion: the value may be nested a million times. */
function refuseDeep(document: unknown, depth: number): void {
  let level: unknown[] = [document];
  for (let count = 0; level.length > 0; count += 1) {
    if (count > depth) throw new TooMuch('is nested too deep');
    level = level.flatMap((value): unknown[] =>
      Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [],
    );
  }
}

function sort(document: unknown, role: FileRole): ParsedFile {
  if (!isRecord(document)) return { objects: [], listed: [] };
  const kind = asString(document.kind);
  const apiVersion = asString(document.apiVersion);
  if (!Array.isArray(document.items) || (kind !== '' && !kind.endsWith('List'))) {
    return { objects: resourceOf(apiVersion, kind) === undefined ? [] : [document], listed: [] };
  }
  const ofList = resourceOf(apiVersion, kind.replace(/List$/, '')) ?? (kind.length > 4 ? undefined : role.lists);
  const objects = document.items.filter(isRecord).flatMap((item): RawObject[] => {
    // Items of a typed list say no kind of their own.
    if (asString(item.kind) === '') return ofList === undefined ? [] : [named(item, ofList)];
    return resourceOf(asString(item.apiVersion), asString(item.kind)) === undefined ? [] : [item];
  });
  // With `continue` it is a page of a list.
  const isAll = role.mayBeAll && asString(at(document, 'metadata', 'continue')) === '';
  const ofItems = objects.flatMap((raw) => resourceOf(asString(raw.apiVersion), asString(raw.kind)) ?? []);
  return { objects, listed: isAll ? [...new Set([...(ofList === undefined ? [] : [ofList]), ...ofItems])] : [] };
}

function named(item: RawObject, { group, version, kind }: Resource): RawObject {
  return { ...item, apiVersion: group === '' ? version : `${group}/${version}`, kind };
}
