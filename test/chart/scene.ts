import { load } from 'js-yaml';
import { asRecord, asString } from '../../src/kube/read.ts';
import { SERVICES } from '../../src/kube/resources.ts';
import type { ObjectRef } from '../../src/kube/types.ts';
import type { ControlPlane } from '../control-plane/fixture.ts';
import { createSender } from '../control-plane/http.ts';
import { type KubeObject, resourcePath, valueAt } from '../control-plane/objects.ts';
import { waitFor } from '../control-plane/wait.ts';
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

/**
 * The release of Kubernetes that a test of rights and policies runs on: its own, or the one of the environment variable
 * `CHART_KUBERNETES`, such as 1.36.3. Three are proven: versions.ts names them.
 */
export function kubernetesOr(usual: string): string {
  return process.env.CHART_KUBERNETES ?? usual;
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
  const token = await tokenOf(cluster, { namespace, name });
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

/** The API server learns of new policies by a watch of its own: resolves when the account may write to its entrypoint. */
export async function mayServe(cluster: ControlPlane, { token }: Installed, entrypoint: ObjectRef): Promise<void> {
  const { send, close } = createSender(cluster, token);
  const body = [{ op: 'replace', path: '/spec/ports/0/targetPort', value: 1 }];
  const path = `${resourcePath(SERVICES, entrypoint)}?dryRun=All`;
  try {
    await waitFor('the policies to be in force', async () => {
      return (await send('PATCH', path, body, 'application/json-patch+json')).status === 200;
    });
  } finally {
    close();
  }
}

/** A token of a ServiceAccount, as the kubelet asks for it. */
export async function tokenOf(cluster: ControlPlane, { namespace, name }: ObjectRef): Promise<string> {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${name}/token`;
  const request = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 3600 } };
  const { body } = await cluster.request('POST', path, request);
  return asString(valueAt(body, 'status', 'token'));
}
