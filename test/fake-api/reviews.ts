import type { Access, User } from './access.ts';
import { badRequest } from './api-error.ts';
import { at, isObject, type Json, type JsonObject, objectAt, stringAt } from './json.ts';

/** The answer to a SelfSubjectAccessReview, by the same rules that requests meet. */
export function accessReview(access: Access, user: User, body: Json | undefined): JsonObject {
  const asked = objectAt(body, 'spec', 'resourceAttributes');
  const isPath = isObject(at(body, 'spec', 'nonResourceAttributes'));
  if (Object.keys(asked).length === 0 && !isPath) {
    throw badRequest('exactly one of nonResourceAttributes or resourceAttributes must be specified');
  }
  const subresource = stringAt(asked, 'subresource');
  const resource = stringAt(asked, 'resource');
  const reason = access.denial({
    verb: stringAt(asked, 'verb'),
    group: stringAt(asked, 'group'),
    resource: subresource === '' ? resource : `${resource}/${subresource}`,
    namespace: stringAt(asked, 'namespace'),
    name: stringAt(asked, 'name'),
    user: user.name,
  });
  const allowed = reason === undefined;
  return {
    kind: 'SelfSubjectAccessReview',
    apiVersion: 'authorization.k8s.io/v1',
    metadata: { creationTimestamp: null },
    spec: objectAt(body, 'spec'),
    status: { allowed, ...(reason === undefined || reason === '' ? {} : { reason }) },
  };
}

/** The answer to a SelfSubjectReview: who am I. */
export function selfReview(user: User): JsonObject {
  return {
    kind: 'SelfSubjectReview',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { creationTimestamp: null },
    status: { userInfo: { username: user.name, groups: [...user.groups] } },
  };
}
