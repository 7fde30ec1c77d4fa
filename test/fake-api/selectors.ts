import { badRequest } from './api-error.ts';
import { at, type KubeObject } from './json.ts';
import type { Kind } from './kinds.ts';

export type Matcher = (object: KubeObject) => boolean;

/** A label selector: `a=b,c!=d,e in (x,y),f notin (z),g,!h`. Throws 400 for what it can't read. */
export function labelMatcher(selector: string): Matcher {
  const terms = splitTerms(selector).map(labelTerm);
  return (object) => terms.every((matches) => matches(object));
}

/** A field selector: `metadata.name=a,spec.nodeName!=b`. Throws 400 for a field that the kind doesn't offer. */
export function fieldMatcher(kind: Kind, selector: string): Matcher {
  const terms = selector === '' ? [] : selector.split(',').map((term) => fieldTerm(kind, term));
  return (object) => terms.every((matches) => matches(object));
}

function splitTerms(selector: string): string[] {
  if (selector.trim() === '') {
    return [];
  }
  const outsideParentheses = /,(?![^(]*\))/;
  return selector.split(outsideParentheses).map((term) => term.trim());
}

function labelTerm(term: string): Matcher {
  const set = /^([^\s!=,()]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, list = ''] = set;
    const values = new Set(list.split(',').map((value) => value.trim()));
    return operator === 'in'
      ? (object) => has(object, key) && values.has(label(object, key))
      : (object) => !has(object, key) || !values.has(label(object, key));
  }
  const pair = /^([^\s!=,()]+)\s*(==|=|!=)\s*([^\s!=,()]*)$/.exec(term);
  if (pair !== null) {
    const [, key = '', operator, value = ''] = pair;
    return operator === '!='
      ? (object) => !has(object, key) || label(object, key) !== value
      : (object) => has(object, key) && label(object, key) === value;
  }
  const presence = /^(!?)\s*([^\s!=,()]+)$/.exec(term);
  if (presence !== null) {
    const [, negated, key = ''] = presence;
    return negated === '!' ? (object) => !has(object, key) : (object) => has(object, key);
  }
  throw badRequest(`unable to parse requirement: ${term}`);
}

function has(object: KubeObject, key: string): boolean {
  return at(object, 'metadata', 'labels', key) !== undefined;
}

function label(object: KubeObject, key: string): string {
  return String(at(object, 'metadata', 'labels', key) ?? '');
}

function fieldTerm(kind: Kind, term: string): Matcher {
  const [, field = '', operator, value = ''] = /^([^=!]+)(==|=|!=)(.*)$/.exec(term.trim()) ?? [];
  if (operator === undefined) {
    throw badRequest(`invalid selector: '${term}'; can't understand '${term}'`);
  }
  const selectable = ['metadata.name', ...(kind.namespaced ? ['metadata.namespace'] : []), ...kind.selectableFields];
  if (!selectable.includes(field)) {
    throw badRequest(unsupportedField(kind, field, selectable));
  }
  const matches = (object: KubeObject): boolean => fieldValue(object, field) === value;
  return operator === '!=' ? (object) => !matches(object) : matches;
}

/** Kinds with conversion functions of their own say it shortly, the others name what there is. */
function unsupportedField(kind: Kind, field: string, selectable: readonly string[]): string {
  if (kind.custom || kind.selectableFields.length > 0) {
    return `field label not supported: ${field}`;
  }
  const known = selectable.map((name) => `"${name}"`).join(', ');
  return `"${field}" is not a known field selector: only ${known}`;
}

function fieldValue(object: KubeObject, field: string): string {
  if (field === 'source') {
    return String(at(object, 'source', 'component') ?? at(object, 'reportingComponent') ?? '');
  }
  const value = at(object, ...field.split('.'));
  if (field === 'spec.unschedulable' || field === 'spec.hostNetwork') {
    return String(value === true);
  }
  return value === undefined || value === null ? '' : String(value);
}
