/** One series, in promtool's own notation; `{}` in its name stands for the labels that each scrape of a controller adds. */
type Series = readonly [name: string, values: string];

export interface AlertCase {
  readonly title: string;
  /** When it is looked at, such as `6m`. */
  readonly at: string;
  readonly series: readonly Series[];
  /** What fires: labels besides the job's, and the summary as people read it. Undefined: nothing does. */
  readonly fires?: { readonly labels: Readonly<Record<string, string>>; readonly summary: string };
}

const TARGET = 'namespace="ccb",job="ccb",instance="a:9976"';
const SECOND = TARGET.replace('a:', 'b:');

function own(name: string, labels = '', target = TARGET): string {
  return `cilium_cloud_bridge_${name}{${[target, labels].filter((part) => part !== '').join(',')}}`;
}

function runs(target = TARGET): Series {
  return [own('build_info', 'version="0.1.0"', target), '1x10'];
}

function leads(values: string, target = TARGET): Series {
  return [`leader_election_master_status{${target},name="cilium-cloud-bridge"}`, values];
}

function scheduler(values: string): Series {
  const labels = 'namespace="kube-system",job="scheduler",instance="c:10259",name="kube-scheduler"';
  return [`leader_election_master_status{${labels}}`, values];
}

function actions(kind: string, result: string, values: string): Series {
  return [own('actions_total', `kind="${kind}",result="${result}"`), values];
}

function task(name: string, values: string, target = TARGET): readonly Series[] {
  return [
    [own('last_success_timestamp_seconds', `task="${name}"`, target), values],
    [own('task_interval_seconds', `task="${name}"`, target), '600x60'],
  ];
}

function kube(verb: string, resource: string, code: string, values: string): Series {
  return [own('kube_requests_total', `verb="${verb}",resource="${resource}",code="${code}"`), values];
}

function cloud(result: string, values: string): Series {
  const call = 'provider="tencent",api="clb",action="clb:DescribeListeners"';
  return [own('cloud_requests_total', `${call},result="${result}",code=""`), values];
}

function findings(check: string, verdict: string, values: string): Series {
  return [own('findings', `source="doctor",check="${check}",verdict="${verdict}"`), values];
}

function hangs(values: string, target = TARGET): Series {
  return [`workqueue_longest_running_processor_seconds{${target},name="gateways"}`, values];
}

/** Of each alert, one case at least in which it fires, and one in which it does not. A sample a minute. */
export const ALERT_CASES: Readonly<Record<string, readonly AlertCase[]>> = {
  CiliumCloudBridgeDown: [
    {
      title: 'no controller is scraped',
      at: '11m',
      series: [[`up{${TARGET}}`, '0x20']],
      fires: { labels: {}, summary: 'No controller is scraped.' },
    },
    { title: 'a restart takes five minutes', at: '8m', series: [[own('build_info'), '1x2 _x5 1x10']] },
  ],
  CiliumCloudBridgeNotLeading: [
    {
      title: 'two controllers wait, and another program leads its own Lease',
      at: '6m',
      series: [runs(), runs(SECOND), leads('0x10'), leads('0x10', SECOND), scheduler('1x10')],
      fires: { labels: {}, summary: 'No controller leads, so nothing is written.' },
    },
    {
      title: 'one waits beside the leader, and so does another program',
      at: '6m',
      series: [runs(), runs(SECOND), leads('0x10'), leads('1x10', SECOND), scheduler('0x10')],
    },
  ],
  CiliumCloudBridgeTwoLeaders: [
    {
      title: 'both lead',
      at: '3m',
      series: [runs(), runs(SECOND), leads('1x10'), leads('1x10', SECOND)],
      fires: { labels: {}, summary: 'More than one controller leads.' },
    },
    {
      title: 'one took over between two scrapes',
      at: '5m',
      series: [runs(), runs(SECOND), leads('1 1 1 0x10'), leads('0 0 1 1x10', SECOND)],
    },
  ],
  CiliumCloudBridgeWatchStale: [
    {
      title: 'one of two watches is silent',
      at: '6m',
      series: [
        [own('watch_age_seconds', 'watch="gateways/services"'), '60+60x10'],
        [own('watch_age_seconds', 'watch="gateways/gateways"'), '0x10'],
      ],
      fires: {
        labels: { instance: 'a:9976', watch: 'gateways/services' },
        summary: 'What the controller knows of gateways/services is 7m 0s old.',
      },
    },
    {
      title: 'a kind that nobody touches is opened anew in time',
      at: '10m',
      series: [[own('watch_age_seconds', 'watch="gateways/services"'), '0 60 120 144 20 80 140 10 70 130 20']],
    },
  ],
  CiliumCloudBridgeRedirectCopyBehind: [
    {
      title: 'a copy stays behind',
      at: '4m',
      series: [[own('redirect_copy_max_lag_seconds'), '0 30 90 150 210 270']],
      fires: { labels: {}, summary: 'A redirect copy has differed from its source for 3m 30s.' },
    },
    {
      title: 'each is followed within a minute',
      at: '6m',
      series: [[own('redirect_copy_max_lag_seconds'), '0 2 50 0 1 3 0']],
    },
  ],
  CiliumCloudBridgeSecondWriter: [
    {
      title: 'one write rests',
      at: '7m',
      series: [[own('hold_offs', 'loop="gateways"'), '0 1x10']],
      fires: { labels: { loop: 'gateways' }, summary: 'Writes rest, since another writer undoes them: 1.' },
    },
    { title: 'nothing rests', at: '7m', series: [[own('hold_offs', 'loop="gateways"'), '0x10']] },
  ],
  CiliumCloudBridgeWritesRefused: [
    {
      title: 'the first refusal',
      at: '6m',
      series: [actions('publish-address', 'refused', '0x3 1x10'), actions('publish-address', 'applied', '0+5x14')],
      fires: {
        labels: { kind: 'publish-address' },
        summary: 'The API server refused writes of the kind publish-address.',
      },
    },
    {
      title: 'refusals of an hour ago, and conflicts',
      at: '70m',
      series: [actions('publish-address', 'refused', '0x3 1x80'), actions('publish-address', 'conflict', '0+5x84')],
    },
  ],
  CiliumCloudBridgeWritesFail: [
    {
      title: 'one fails each minute',
      at: '30m',
      series: [actions('remove-taints', 'failed', '0+1x40')],
      fires: { labels: { kind: 'remove-taints' }, summary: 'Writes of the kind remove-taints keep failing.' },
    },
    { title: 'five fail at once, then none', at: '30m', series: [actions('remove-taints', 'failed', '0x3 5x40')] },
  ],
  CiliumCloudBridgeWriteHangs: [
    {
      title: 'a write is under way for minutes',
      at: '6m',
      series: [runs(), hangs('0+60x10')],
      fires: {
        labels: { name: 'gateways' },
        summary: 'A write of the queue gateways has been under way for 6m 0s.',
      },
    },
    {
      title: 'another program hangs',
      at: '6m',
      series: [runs(), hangs('0x10'), hangs('0+60x10', 'namespace="x",job="y",instance="z:1"')],
    },
  ],
  CiliumCloudBridgeTaskOverdue: [
    {
      title: 'the checks never went well',
      at: '45m',
      series: [...task('checks', '0x60'), ...task('pass-gateways', '0+60x60')],
      fires: { labels: { task: 'checks' }, summary: 'checks last went well 45m 0s ago.' },
    },
    {
      title: 'one of two controllers does it',
      at: '45m',
      series: [...task('pass-gateways', '0x60'), ...task('pass-gateways', '0+60x60', SECOND)],
    },
  ],
  CiliumCloudBridgeKubeRequestsFail: [
    {
      title: 'every fifth request has no answer or is throttled',
      at: '25m',
      series: [
        kube('list', 'services', '200', '0+8x40'),
        kube('list', 'services', '<error>', '0+1x40'),
        kube('list', 'services', '429', '0+1x40'),
      ],
      fires: { labels: {}, summary: '20% of the requests to the API server fail.' },
    },
    {
      title: 'conflicts are no failures, and one in a hundred may be',
      at: '25m',
      series: [
        kube('patch', 'services', '200', '0+99x40'),
        kube('patch', 'services', '409', '0+50x40'),
        kube('patch', 'services', '500', '0+1x40'),
      ],
    },
  ],
  CiliumCloudBridgeRightMissing: [
    {
      title: 'a list is refused again and again',
      at: '25m',
      series: [kube('list', 'ingresses.networking.k8s.io', '403', '1+2x40')],
      fires: {
        labels: { verb: 'list', resource: 'ingresses.networking.k8s.io' },
        summary: 'The controller may not list ingresses.networking.k8s.io.',
      },
    },
    {
      title: 'credentials rotate, and an object is not there',
      at: '25m',
      series: [kube('list', 'services', '401', '0+1x40'), kube('get', 'leases.coordination.k8s.io', '404', '0+1x40')],
    },
  ],
  CiliumCloudBridgeCloudRefuses: [
    {
      title: 'one action is denied each ten minutes',
      at: '45m',
      series: [cloud('denied', '1x10 2x10 3x10 4x20')],
      fires: {
        labels: { provider: 'tencent', action: 'clb:DescribeListeners', result: 'denied' },
        summary: 'tencent refuses clb:DescribeListeners (denied).',
      },
    },
    {
      title: 'what is asked for is gone, and the cloud is away',
      at: '45m',
      series: [cloud('not-found', '0+1x60'), cloud('unavailable', '0+1x60'), cloud('ok', '0+9x60')],
    },
  ],
  CiliumCloudBridgeCloudThrottled: [
    {
      title: 'every third call',
      at: '40m',
      series: [cloud('ok', '0+2x60'), cloud('throttled', '0+1x60')],
      fires: {
        labels: { provider: 'tencent', api: 'clb' },
        summary: 'tencent throttles 33.33% of the calls of clb.',
      },
    },
    { title: 'every tenth call', at: '40m', series: [cloud('ok', '0+9x60'), cloud('throttled', '0+1x60')] },
  ],
  CiliumCloudBridgeCheckFails: [
    {
      title: 'a security group lost a rule',
      at: '20m',
      series: [findings('sg-nodeport', 'fail', '_x2 2x30'), findings('agents-ready', 'warn', '1x30')],
      fires: {
        labels: { source: 'doctor', check: 'sg-nodeport' },
        summary: 'The check sg-nodeport fails: 2 findings.',
      },
    },
    {
      title: 'one fails for ten minutes, and another warns',
      at: '20m',
      series: [findings('sg-nodeport', 'fail', '_x2 2x10 _x20'), findings('agents-ready', 'warn', '1x30')],
    },
  ],
  CiliumCloudBridgeConfigRefused: [
    {
      title: 'one of two controllers refuses it',
      at: '8m',
      series: [
        [own('config_last_reload_successful'), '1 1 0x10'],
        [own('config_last_reload_successful', '', SECOND), '1x12'],
      ],
      fires: { labels: {}, summary: 'The configuration file was changed to something that cannot be used.' },
    },
    {
      title: 'a slip is mended within two minutes',
      at: '8m',
      series: [[own('config_last_reload_successful'), '1 0 0 1x10']],
    },
  ],
};
