import type { DoctorWorld } from '../world.types.ts';

/** The command that adds a default route to a NAT gateway; in words where the cloud's own tool takes a file. */
export function addRouteCommand({ cloud }: DoctorWorld, table: string | undefined, gateway: string): string {
  if (cloud.cloud === 'tencent' && table !== undefined) {
    const routes = JSON.stringify([{ DestinationCidrBlock: '0.0.0.0/0', GatewayType: 'NAT', GatewayId: gateway }]);
    return `tccli vpc CreateRoutes --region ${cloud.region} --RouteTableId ${table} --Routes '${routes}'`;
  }
  return `in the console, VPC, Route Tables, ${table ?? 'a table of its own'}, Add Route: 0.0.0.0/0, NAT gateway, ${gateway}.`;
}
