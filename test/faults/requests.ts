import type { Resource } from '../../src/kube/resources.ts';
import { stringAt } from '../fake-api/json.ts';
import { isWrite, type RecordedRequest } from '../fake-api/requests.ts';
import { isOurs } from './write-log.ts';

/** Which requests of the program a fault is for. The others' (the Lease's, say) are left alone where a script says so. */

export function isWatch(request: RecordedRequest): boolean {
  return isOurs(request) && request.verb === 'watch';
}

export function isList(request: RecordedRequest): boolean {
  return isOurs(request) && request.verb === 'list';
}

export function isListOf(resource: Resource): (request: RecordedRequest) => boolean {
  return (request) => isList(request) && request.resource === resource.plural;
}

/** The same for the same list or watch, and for writes to the same object. */
export function sameRequest({ verb, path, query, body, resource, name }: RecordedRequest): string {
  if (resource === 'events') {
    const named = name === '' ? stringAt(body, 'metadata', 'name') : name;
    return `${verb} events ${named.replace(/\.[0-9a-f]+$/, '')}`; // the rest is the time
  }
  if (verb === 'create') return `${verb} ${path}/${stringAt(body, 'metadata', 'name')}`;
  const selectors = `${query.get('labelSelector') ?? ''} ${query.get('fieldSelector') ?? ''}`;
  return `${verb} ${path} ${selectors}`.trimEnd();
}

/** A write of what is planned: neither Lease nor Event, nor a dry run. */
export function isPlannedWrite(request: RecordedRequest): boolean {
  return isOurs(request) && isWrite(request) && request.resource !== 'leases' && request.resource !== 'events';
}

/** Everything but the Lease: the program goes on leading. */
export function isOrdinary(request: RecordedRequest): boolean {
  return isOurs(request) && request.resource !== 'leases';
}
