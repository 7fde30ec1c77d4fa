import { SERVICES } from '../../../src/kube/resources.ts';
import { objectsAt } from '../../fake-api/json.ts';
import type { RecordedRequest } from '../../fake-api/requests.ts';
import type { FakeApi } from '../../fake-api/server.ts';
import type { FakeTencent } from '../../fake-clouds/tencent.ts';
import { type Cluster, entrypointRef } from '../../faults/cluster.ts';
import { isOrdinary, isPlannedWrite } from '../../faults/requests.ts';
import { createRandom } from '../../random.ts';

/** What can be done to the two processes and to everything around them. */
export interface Stage {
  readonly api: FakeApi;
  readonly cloud: FakeTencent;
  readonly cluster: Cluster;
  /** `kill -9`; what it resolves with starts that process anew. */
  killLeader(): Promise<Undo>;
}

type Undo = () => Promise<void> | void;

interface Event {
  /** Seconds after the beginning. */
  readonly at: number;
  readonly what: string;
  /** So many seconds later what `run` returned is called. */
  readonly lasts?: number;
  run(stage: Stage): Promise<Undo> | Undo | undefined;
}

/** The whole run, seconds. */
export const RUN_SECONDS = 330;

/** The same changes in every run. */
const RANDOM = createRandom(1, 'panels');

const SCRIPT: readonly Event[] = [
  ...every(2, { at: 20, times: 15, what: 'changes', run: changeAnything }),
  {
    at: 55,
    what: '20 tainted nodes',
    run: ({ cluster }) => {
      for (let index = 0; index < 20; index += 1) cluster.addTaintedNode();
      return undefined;
    },
  },
  { at: 70, lasts: 12, what: 'writes to Services: 500', run: ({ api }) => fail(api, isServiceWrite) },
  { at: 71, what: 'another NodePort', run: ({ cluster }) => void cluster.changeNodePort(firstOf(cluster)) },
  { at: 95, lasts: 70, what: 'writes of copies: 500', run: ({ api }) => fail(api, isCopyWrite) },
  { at: 96, what: 'another route', run: ({ cluster }) => void cluster.changeRoute(firstOf(cluster)) },
  ...every(3, { at: 175, times: 4, what: 'a second writer', run: spoil }),
  ...every(60, { at: 72, times: 3, what: 'the cloud throttles', run: throttle }),
  {
    at: 72,
    lasts: 140,
    what: 'the cloud denies an action',
    run: ({ cloud }) => {
      cloud.denied.add('vpc:DescribeRouteTables');
      return () => void cloud.denied.delete('vpc:DescribeRouteTables');
    },
  },
  { at: 215, lasts: 25, what: 'leader killed', run: (stage) => stage.killLeader() },
  {
    at: 250,
    lasts: 25,
    what: 'API server hangs',
    run: ({ api }) =>
      api.faults.intercept((request) => (isOrdinary(request) ? { kind: 'drop', how: 'hang' } : undefined)),
  },
  ...every(2, { at: 285, times: 10, what: 'changes', run: changeAnything }),
];

/** In the order of their time. */
export const EVENTS: readonly Event[] = SCRIPT.toSorted((a, b) => a.at - b.at);

function every(seconds: number, { times, ...event }: Event & { readonly times: number }): readonly Event[] {
  return Array.from({ length: times }, (_, index) => ({ ...event, at: event.at + index * seconds }));
}

function changeAnything({ cluster }: Stage): undefined {
  cluster.changeAnything(RANDOM);
}

function throttle({ cloud }: Stage): undefined {
  cloud.fail('*', { kind: 'error', code: 'RequestLimitExceeded', message: 'too many' }, 5);
}

/** As a GitOps tool does that knows the field. */
function spoil({ api, cluster }: Stage): undefined {
  api.update(SERVICES, entrypointRef(firstOf(cluster)), (service) => {
    const [port] = objectsAt(service, 'spec', 'ports');
    if (port !== undefined) port.targetPort = 31_999;
  });
}

function fail(api: FakeApi, matches: (request: RecordedRequest) => boolean): Undo {
  return api.faults.intercept((request) => (matches(request) ? { kind: 'answer', status: 500 } : undefined));
}

function isServiceWrite(request: RecordedRequest): boolean {
  return isPlannedWrite(request) && request.resource === 'services';
}

function isCopyWrite(request: RecordedRequest): boolean {
  return isPlannedWrite(request) && request.resource === 'ciliumenvoyconfigs';
}

function firstOf(cluster: Cluster): string {
  const [gateway] = cluster.gateways();
  if (gateway === undefined) throw new Error('the cluster has no Gateway');
  return gateway;
}
