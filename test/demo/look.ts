import { type KubeObject, numberAt, objectsAt, stringAt } from '../fake-api/json.ts';

/** What the demo reads of objects. An object that isn't there reads as one without content. */

/** The addresses in the status of a Service. */
export function addressesOf(service: KubeObject | undefined): string[] {
  return objectsAt(service, 'status', 'loadBalancer', 'ingress').map(
    (entry) => stringAt(entry, 'ip') || stringAt(entry, 'hostname'),
  );
}

/** The same as `kubectl get -o yaml` would let one see them: with their ipMode. */
export function ingressOf(service: KubeObject | undefined): string[] {
  return objectsAt(service, 'status', 'loadBalancer', 'ingress').map((entry) => {
    const address = stringAt(entry, 'ip') || stringAt(entry, 'hostname');
    return entry.ipMode === undefined ? address : `${address} (ipMode ${stringAt(entry, 'ipMode')})`;
  });
}

export function gatewayAddresses(gateway: KubeObject | undefined): string[] {
  return objectsAt(gateway, 'status', 'addresses').map((address) => stringAt(address, 'value'));
}

/** The condition Programmed, which Cilium's operator alone writes: `True`, or `False` and why. */
export function programmedOf(gateway: KubeObject | undefined): { readonly status: string; readonly why: string } {
  const condition = objectsAt(gateway, 'status', 'conditions').find(({ type }) => type === 'Programmed');
  const status = stringAt(condition, 'status') || 'Unknown';
  const why = `${stringAt(condition, 'reason')}: ${stringAt(condition, 'message')}`;
  return { status, why: status === 'True' ? '' : why };
}

/** A Gateway in one line. */
export function gatewayLine(gateway: KubeObject | undefined): string {
  const { status, why } = programmedOf(gateway);
  const addresses = gatewayAddresses(gateway);
  const rest = why === '' ? `addresses ${addresses.join(', ')}` : why;
  return `Gateway ${stringAt(gateway, 'metadata', 'namespace')}/${gateway?.metadata.name ?? ''}: Programmed ${status}, ${rest}`;
}

export interface ServicePort {
  readonly port: number;
  readonly nodePort: number;
  /** 0: none, or a name. */
  readonly targetPort: number;
}

export function portsOf(service: KubeObject | undefined): ServicePort[] {
  return objectsAt(service, 'spec', 'ports').map((entry) => ({
    port: numberAt(entry, 'port'),
    nodePort: numberAt(entry, 'nodePort'),
    targetPort: numberAt(entry, 'targetPort'),
  }));
}

export function nodePortsOf(service: KubeObject | undefined): number[] {
  return portsOf(service).map(({ nodePort }) => nodePort);
}

/** A taint as `kubectl taint` writes it. */
export function taintsOf(node: KubeObject | undefined): string[] {
  return objectsAt(node, 'spec', 'taints').map((taint) => {
    const value = stringAt(taint, 'value');
    return `${stringAt(taint, 'key')}${value === '' ? '' : `=${value}`}:${stringAt(taint, 'effect')}`;
  });
}

/** Whether the condition of that type is True. */
export function isTrue(object: KubeObject | undefined, type: string): boolean {
  return objectsAt(object, 'status', 'conditions').some(
    (condition) => condition.type === type && condition.status === 'True',
  );
}
