import { describe, expect, test } from 'vitest';
import { CONFIG_MAPS, SERVICES } from '../../src/kube/resources.ts';
import { resourcePath, valueAt } from '../control-plane/objects.ts';
import { type Client, configMap, MERGE_PATCH } from './client.ts';

/**
 * Who is refused, and in which words.
 * @param limited a user named `limited` who may get, list and watch Services in the namespace default, nothing else
 * @param stranger somebody with an unknown token
 */
export function describeAccess(limited: () => Client, stranger: () => Client): void {
  const review = async (resourceAttributes: unknown): Promise<unknown> => {
    const object = {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes },
    };
    const answer = await limited().send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', object);
    expect(answer.status).toBe(201);
    return valueAt(answer.body, 'status', 'allowed');
  };

  describe('access', () => {
    test('an unknown token is 401 Unauthorized', async () => {
      expect(await stranger().send('GET', resourcePath(SERVICES))).toMatchObject({
        status: 401,
        body: { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized', code: 401 },
      });
    });

    test('what is allowed works', async () => {
      expect((await limited().send('GET', resourcePath(SERVICES, { namespace: 'default' }))).status).toBe(200);
    });

    test('a forbidden verb is 403 and says who wanted what where', async () => {
      const { send } = limited();
      const refused = (message: string, details: object): object => ({
        status: 403,
        body: { kind: 'Status', reason: 'Forbidden', message, details, code: 403 },
      });
      const cannot = (verb: string, resource: string, scope: string): string =>
        `User "limited" cannot ${verb} resource "${resource}" in API group "" ${scope}`;
      expect(await send('GET', resourcePath(SERVICES))).toMatchObject(
        refused(`services is forbidden: ${cannot('list', 'services', 'at the cluster scope')}`, { kind: 'services' }),
      );
      const ref = { namespace: 'default', name: 'any' };
      const scope = 'in the namespace "default"';
      const status = resourcePath(SERVICES, ref, 'status');
      expect(await send('PATCH', status, { status: {} }, MERGE_PATCH)).toMatchObject(
        refused(`services "any" is forbidden: ${cannot('patch', 'services/status', scope)}`, {
          name: 'any',
          kind: 'services',
        }),
      );
      expect(await send('POST', resourcePath(CONFIG_MAPS, { namespace: 'default' }), configMap('any'))).toMatchObject(
        refused(`configmaps is forbidden: ${cannot('create', 'configmaps', scope)}`, { kind: 'configmaps' }),
      );
    });

    test('a self-subject access review tells beforehand', async () => {
      expect(await review({ verb: 'list', resource: 'services', namespace: 'default' })).toBe(true);
      expect(await review({ verb: 'list', resource: 'services' })).toBe(false);
      const ofStatus = { verb: 'patch', resource: 'services', subresource: 'status', namespace: 'default' };
      expect(await review(ofStatus)).toBe(false);
    });

    test('a self-subject review tells the name', async () => {
      const object = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const answer = await limited().send('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', object);
      expect(valueAt(answer.body, 'status', 'userInfo', 'username')).toBe('limited');
    });
  });
}
