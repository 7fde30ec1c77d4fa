import { load } from 'js-yaml';
import { asRecord, asString } from '../../src/kube/read.ts';
import type { ControlPlane } from '../control-plane/fixture.ts';
import { type KubeObject, valueAt } from '../control-plane/objects.ts';
import { renderWith } from './helm.ts';

/** The chart installed on a control plane, without its Pods: the tests run the program themselves. */
export interface Installed {
  readonly objects: readonly KubeObject[];
  /** As audit log and policies know the account. */
  readonly username: string;
  readonly token: string;
  /** Of the ServiceAccount. */
  readonly kubeconfig: string;
  /** What the ConfigMap holds. */
  readonly config: object;
}

/** Applies what the chart renders and asks for a token of its ServiceAccount, as the kubelet does. */
export async function install(cluster: ControlPlane, values: object): Promise<Installed> {
  // What only `helm uninstall` makes is tested there.
  const objects = (await renderWith(values)).filter(
    ({ metadata }) => metadata.annotations?.['helm.sh/hook'] === undefined,
  );
  const account = objects.find(({ kind }) => kind === 'ServiceAccount');
  if (account === undefined) throw new Error('the chart renders no ServiceAccount');
  const { namespace = '', name } = account.metadata;
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const object of objects) {
    if (object.kind !== 'Deployment') await cluster.apply(object);
  }
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { body } = await cluster.request('POST', path, request);
  const token = asString(valueAt(body, 'status', 'token'));
  const username = `system:serviceaccount:${namespace}:${name}`;
  const file = objects.find(({ kind }) => kind === 'ConfigMap');
  return {
    objects,
    username,
    token,
    kubeconfig: cluster.kubeconfigFor({ name: username, token }),
    config: asRecord(load(asString(valueAt(file, 'data', 'config.yaml')))),
  };
}
