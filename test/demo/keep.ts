import type { DemoCluster } from './cluster.ts';
import type { Printer } from './print.ts';
import type { Scenario } from './scenario.types.ts';

/** Prints how to use the cluster, for as long as it stays. */
export function keep(scenario: Scenario, cluster: DemoCluster, bundle: string, print: Printer): void {
  print.heading('The cluster stays');
  print.text('In another terminal, the controller:');
  print.blank();
  print.command(`node ${bundle} --kubeconfig ${cluster.kubeconfigPath} ${scenario.flags.join(' ')}`);
  print.blank();
  print.text('In a third, kubectl (any version; the fake serves the kinds of this demo):');
  print.blank();
  print.command(`export KUBECONFIG=${cluster.kubeconfigPath}`);
  for (const { what, command } of scenario.tryOut) {
    print.blank();
    print.text(`# ${what}`);
    print.command(command);
  }
  print.blank();
  print.text('Ctrl-C ends it.');
}
