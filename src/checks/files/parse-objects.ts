import { loadAll, YAMLException } from 'js-yaml';
import { asArray, asRecord, asString, at, isRecord } from '../../kube/read.ts';
import type { Resource } from '../../kube/resources.ts';
import type { RawObject } from '../../kube/types.ts';
import { megabytes, quoted, refused } from './file-entry.ts';
import { type FileRole, resourceOf } from './file-names.ts';
import type { FileLimits } from './limits.ts';
import { measureJson, measureYaml } from './measure-text.ts';

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
      for (const raw of parsed.objects) objects.push(raw);
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
    const { values, depth } = measureJson(text);
    if (values > limits.jsonValues) throw new TooMuch(`holds more than ${limits.jsonValues} values`);
    if (depth > limits.depth) throw new TooMuch('is nested too deep');
    yield JSON.parse(text);
    return;
  }
  for (const part of text.split(/^---[ \t]*\r?$/m)) {
    const list = splitList(part);
    if (list !== undefined) {
      const items = list.items.map((item) => asArray(parseYaml(item, limits)[0])[0]);
      yield { ...asRecord(parseYaml(list.around, limits)[0]), items };
    } else {
      yield* parseYaml(part, limits);
    }
  }
}

/** What is parsed as a whole takes many times its size. */
function parseYaml(text: string, { depth, yamlValues }: FileLimits): unknown[] {
  if (measureYaml(text).values > yamlValues) {
    throw new TooMuch(`has a document or item of ${megabytes(text.length)} that is none as kubectl prints it`);
  }
  return loadAll(text, { maxDepth: depth, maxAliases: 0 });
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
