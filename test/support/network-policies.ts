// What NetworkPolicies let out of a pod, as Kubernetes defines it: what any policy of the pod allows.
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { holdsCidr } from '../../src/contracts/cidr.js';

/** Labels of a pod or a namespace. */
export type Labels = Readonly<Record<string, string>>;

/** Where a packet goes: an address outside the cluster, or a namespace in it. */
export interface Target {
  readonly to: string | Labels;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Whether a selector that names labels one by one selects what has these labels. */
export function selects(selector: { matchLabels?: Labels } | undefined, labels: Labels): boolean {
  return Object.entries(selector?.matchLabels ?? {}).every(([name, value]) => labels[name] === value);
}

/** The policies that hold for a pod, for what it sends. */
export function egressPolicies(policies: readonly INetworkPolicy[], pod: Labels): INetworkPolicy[] {
  return policies.filter(
    ({ spec }) => spec?.policyTypes?.includes('Egress') && selects(spec.podSelector, pod),
  );
}

/** Whether the policies of a pod let it send there. */
export function letsOut(policies: readonly INetworkPolicy[], { to, port, protocol }: Target): boolean {
  const rules = policies.flatMap(({ spec }) => spec?.egress ?? []);
  if (policies.length === 0) return true;
  return rules.some(
    ({ to: peers, ports }) =>
      (ports ?? [{ port, protocol }]).some(
        (it) => (it.port === undefined || it.port === port) && (it.protocol ?? 'TCP') === protocol,
      ) &&
      (peers === undefined || peers.some((peer) => isPeer(peer, to))),
  );
}

type Peer = NonNullable<NonNullable<NonNullable<INetworkPolicy['spec']>['egress']>[number]['to']>[number];

function isPeer({ ipBlock, namespaceSelector }: Peer, to: string | Labels): boolean {
  if (typeof to !== 'string') return namespaceSelector !== undefined && selects(namespaceSelector, to);
  if (!ipBlock) return false;
  return holdsCidr(ipBlock.cidr, to) && !(ipBlock.except ?? []).some((range) => holdsCidr(range, to));
}
