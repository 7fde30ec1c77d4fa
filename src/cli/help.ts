/** The text of `--help`, at most 80 columns wide. */
export function helpText(version: string): string {
  return `cilium-cloud-bridge ${version}
Makes Cilium's Gateway API work on Huawei Cloud CCE and Tencent TKE.

USAGE
  cilium-cloud-bridge [flags]                    run as the controller
  cilium-cloud-bridge --once --dry-run [flags]   show what would be written
  cilium-cloud-bridge --once [flags]             show it, ask, write it, end
  cilium-cloud-bridge doctor [flags]             find what is broken, change
                                                 nothing
  cilium-cloud-bridge migrate NAMESPACE/GATEWAY  move a Gateway to the class
                                                 that nobody else serves
  cilium-cloud-bridge uninstall [flags]          remove the redirects (the chart
                                                 does it when it is removed)
  cilium-cloud-bridge --uninstall-report         say what stays behind, and how
                                                 to take it back

ONE PASS
      --once                   look once, write what is needed, end
      --dry-run                with --once, migrate, uninstall: write nothing
      --wait DURATION          with --once: how long to wait until the Gateways
                               show their addresses (default 10s; 0: don't)
  -y, --yes                    with --once, migrate, uninstall, --probe-pods:
                               don't ask
      --force                  with --once: write even beside a live controller
      --allow-static-redirect  with --once: make redirect copies, though nobody
                               keeps them current after the program has ended
  -o, --output FORMAT          table (default) or json; with doctor also html,
                               one page to share

MIGRATE
      --to-class CLASS         move to this GatewayClass, also back (default:
                               the one with our loadBalancerClass)
      --force                  also a Gateway that is not Programmed now
      --wait DURATION          how long others may take over their part
                               (default 60s)

DOCTOR
      --only CHECK             only these checks, by id, separated by commas
      --skip CHECK             all but these
      --from PATH              look at files instead of a cluster: the zip of a
                               cilium sysdump, or a folder of what
                               kubectl get -A -o yaml printed
      --cloud=false            don't ask the cloud, even with credentials
  -v, --verbose                name what is well, too
      --probe                  also connect from here to the published addresses
                               and to both NodePorts of each node
      --probe-count N          with --probe: connections to each (default 20)
      --probe-rate N           new ones a second (default 50)
      --probe-time DURATION    none begins later than this (default 30s)
      --probe-timeout DURATION of one connection (default 2s)
      --probe-pods             also make a short-lived Pod a node that measures
                               DNS, the way out and the way to the nodes; asks
                               first (--yes: doesn't), and removes them always
      --probe-nodes N          with --probe-pods: at most so many (default 10)
      --probe-image IMAGE      with a shell and curl; agent: Cilium's own
                               (default: cilium/alpine-curl of quay.io, on TKE
                               of its mirror)
      --probe-namespace NAME   where (default: default)
      --probe-targets NAMES    public names (default: npmmirror.com,
                               mirrors.aliyun.com)

CONTROLLER
      --listen ADDRESS         where /healthz, /readyz and /metrics are served:
                               :port, address:port, or none (default :9976)
      --preflight              only ask for every right in Kubernetes and every
                               action of the cloud that the controller would
                               need, print what is missing and its mend, end

ALL
      --adopt WHAT             Services without our annotation that may be taken
                               as entrypoints: annotated (none, the default),
                               auto (the one that fits), or pairs of
                               namespace/service=namespace/gateway, separated by
                               commas; the flag may be repeated
      --config FILE            configuration, YAML or JSON; flags win over it
      --kubeconfig FILE        default: KUBECONFIG, ~/.kube/config, or the Pod's
      --context NAME           context of the kubeconfig
      --log-level LEVEL        trace, debug, info (default), warn, error
      --version                print the version
  -h, --help                   print this text

ENVIRONMENT
  CCB_CONFIG, CCB_CONTEXT and KUBECONFIG stand for the flags; each key of the
  configuration has a variable: gateway.adopt is CCB_GATEWAY_ADOPT. Flags win
  over variables, variables over the file.

EXAMPLES
  Show what would change on the cluster of the current context:
    cilium-cloud-bridge --once --dry-run --adopt auto
  Do it, without asking:
    cilium-cloud-bridge --once --adopt auto --yes
  Name the Service yourself, and read the result by machine:
    cilium-cloud-bridge --once --yes -o json \\
      --adopt kube-system/gateway-entrypoint=default/ip-gateway

  Name the first broken link on a packet's way, and the mend:
    cilium-cloud-bridge doctor
  The same as a page, from an archive that somebody sent:
    cilium-cloud-bridge doctor --from cilium-sysdump.zip -o html > report.html

  Show what a move to another class takes, then do it:
    cilium-cloud-bridge migrate default/web --dry-run
    cilium-cloud-bridge migrate default/web

OUTPUT
  Reports go to stdout. Logs and questions go to stderr, as JSON lines unless
  it is a terminal. NO_COLOR and FORCE_COLOR are honoured.

EXIT CODES
  0  in sync, or everything was written; nothing fails
  2  something is pending or declined, a check fails, or another writer
     undoes what was written
  1  wrong usage or configuration, no connection, or a write that failed
`;
}
