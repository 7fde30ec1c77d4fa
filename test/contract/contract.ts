import { afterAll, beforeAll, describe } from 'vitest';
import { describeAccess } from './access.ts';
import { type Client, createClient } from './client.ts';
import { describeCustomResources } from './custom-resources.ts';
import { describeDeletesAndNodes } from './deletes-and-nodes.ts';
import { describeEventSelectors } from './event-selectors.ts';
import { describeFieldOwners } from './field-owners.ts';
import { describeLeasesAndEvents } from './leases-and-events.ts';
import { describeListsAndWatches } from './lists-and-watches.ts';
import { describeObjectWrites } from './object-writes.ts';
import { describeServiceRules } from './service-rules.ts';
import { describeServiceWrites } from './service-writes.ts';
import { describeTables } from './tables.ts';

/** An API server to which the contract applies: with Gateway API's and Cilium's CRDs and garbage collection. */
export interface ContractServer {
  readonly server: string;
  /** CA certificate, PEM; empty without TLS. */
  readonly ca: string;
  /** Of a user who may do everything. */
  readonly token: string;
  /** Of the user `limited`, who may get, list and watch Services in the namespace default, nothing else. */
  readonly limitedToken: string;
  /** Forgets the history of all objects. */
  compact(): Promise<void>;
  stop(): Promise<void>;
}

/** Everything that this project relies on in an API server: the fake one and the real ones must agree. */
export function describeApiServerContract(name: string, start: () => Promise<ContractServer>): void {
  describe(name, () => {
    let server: ContractServer;
    const clients: Client[] = [];
    const clientOf = (token: () => string): (() => Client) => {
      let client: Client | undefined;
      return () => {
        if (client === undefined) {
          client = createClient(server, token());
          clients.push(client);
        }
        return client;
      };
    };
    beforeAll(async () => {
      server = await start();
    });
    afterAll(async () => {
      for (const client of clients) client.close();
      await server?.stop();
    });

    const admin = clientOf(() => server.token);
    const send: Client['send'] = (...request) => admin().send(...request);
    describeObjectWrites(send);
    describeFieldOwners(send);
    describeDeletesAndNodes(send);
    describeServiceWrites(send);
    describeServiceRules(send);
    describeLeasesAndEvents(send);
    describeEventSelectors(send);
    describeListsAndWatches(admin, () => server.compact());
    describeCustomResources(admin);
    describeTables(send);
    describeAccess(
      clientOf(() => server.limitedToken),
      clientOf(() => 'nobody-knows-this-token'),
    );
  });
}
