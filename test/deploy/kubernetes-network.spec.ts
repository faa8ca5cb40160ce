// What the NetworkPolicies let in and out, packet by packet. Whether a cluster enforces them, no test here can know.
import fc from 'fast-check';
import ipaddr from 'ipaddr.js';
import type { INetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { describe, expect, it } from 'vitest';
import { isPublicIp } from '../../src/egress/ip-ranges.js';
import { containers, noKubectl, ofKind, podTemplate, RENDERINGS } from '../support/kubernetes.js';
import { egressPolicies, letsOut, selects, type Target } from '../support/network-policies.js';

const skipped = noKubectl !== undefined && process.env.CI !== 'true';

type Ranges = Readonly<Record<string, unknown>>;

/** The first addresses of every special range that ipaddr.js knows, and those just before and behind each. */
function edges(): string[] {
  const classes = [ipaddr.IPv4, ipaddr.IPv6] as unknown as { prototype: { SpecialRanges: Ranges } }[];
  return classes.flatMap(({ prototype }) =>
    Object.values(prototype.SpecialRanges).flatMap((ranges) => {
      const list = (Array.isArray((ranges as unknown[])[0]) ? ranges : [ranges]) as [
        { toByteArray(): number[] },
        number,
      ][];
      return list.flatMap(([first, bits]) => around(first.toByteArray(), bits));
    }),
  );
}

function around(bytes: readonly number[], bits: number): string[] {
  const size = BigInt(bytes.length * 8);
  const first = bytes.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
  const end = first + (1n << (size - BigInt(bits)));
  return [first - 1n, first, first + 1n, end - 1n, end]
    .filter((address) => address >= 0n && address < 1n << size)
    .map((address) => {
      const text = address.toString(16).padStart(bytes.length * 2, '0');
      return ipaddr.fromByteArray([...Buffer.from(text, 'hex')]).toString();
    });
}

const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
];

describe.skipIf(skipped).each(RENDERINGS)(
  'the network on Kubernetes, %s (needs kubectl 1.21 or newer)',
  (what) => {
    const policies = (): readonly INetworkPolicy[] => ofKind<INetworkPolicy>(what, 'NetworkPolicy');
    const goes = (target: Target): boolean =>
      letsOut(egressPolicies(policies(), podTemplate(what).labels), target);
    const overTls = (to: string): boolean => goes({ to, port: 443, protocol: 'TCP' });

    it('has policies for the pods alone, in both directions', () => {
      for (const { spec } of policies())
        expect(spec?.podSelector?.matchLabels).toEqual(podTemplate(what).labels);
      const types = new Set(policies().flatMap(({ spec }) => spec?.policyTypes ?? []));
      expect([...types].sort()).toEqual(['Egress', 'Ingress']);
    });

    it('leads to the DNS of the cluster, to PostgreSQL and to public hosts over TLS', () => {
      const system = { 'kubernetes.io/metadata.name': 'kube-system' };
      for (const protocol of ['TCP', 'UDP'] as const)
        expect(goes({ to: system, port: 53, protocol })).toBe(true);
      expect(
        goes({ to: what.startsWith('base') ? '10.1.2.3' : '10.20.0.7', port: 5432, protocol: 'TCP' }),
      ).toBe(true);
      // Of Cloudflare, who is in front of Replicate, and of Google.
      for (const host of ['104.18.6.192', '2606:4700::6812:6c0', '8.8.8.8']) expect(overTls(host)).toBe(true);
    });

    it('leads to no cloud metadata, whatever the port', () => {
      const ports = policies().flatMap(({ spec }) =>
        (spec?.egress ?? []).flatMap((rule) => rule.ports ?? []),
      );
      const numbers = new Set([80, ...ports.map(({ port }) => Number(port))]);
      // The last of them is in fc00::/7, where the base expects PostgreSQL.
      for (const to of METADATA) {
        for (const port of numbers) {
          if (to.includes(':') && port === 5432) continue;
          for (const protocol of ['TCP', 'UDP'] as const)
            expect([to, port, goes({ to, port, protocol })]).toEqual([to, port, false]);
        }
      }
    });

    it('leads over TLS to exactly the addresses that Cerebro itself would connect to', () => {
      const addresses = [...edges(), ...METADATA, '161.26.0.1', '166.11.255.255', '166.12.0.0'];
      expect(addresses.length).toBeGreaterThan(150);
      for (const ip of addresses) expect([ip, overTls(ip)]).toEqual([ip, isPublicIp(ip)]);
      fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (ip) => overTls(ip) === isPublicIp(ip)));
    });

    it('leads nowhere else: neither to other ports nor to other namespaces', () => {
      for (const port of [22, 25, 80, 6379, 8080])
        expect(goes({ to: '8.8.8.8', port, protocol: 'TCP' })).toBe(false);
      expect(goes({ to: '8.8.8.8', port: 443, protocol: 'UDP' })).toBe(false);
      expect(goes({ to: '8.8.8.8', port: 5432, protocol: 'TCP' })).toBe(false);
      expect(goes({ to: { 'kubernetes.io/metadata.name': 'default' }, port: 443, protocol: 'TCP' })).toBe(
        false,
      );
    });

    it('lets in the ingress controller and Prometheus, to the port that Cerebro listens on', () => {
      const rules = policies().flatMap(({ spec }) => spec?.ingress ?? []);
      const from = rules.flatMap((rule) => rule.from ?? []);
      expect(rules.every((rule) => (rule.from ?? []).length > 0)).toBe(true);
      const enters = (name: string): boolean =>
        from.some(
          (peer) =>
            peer.namespaceSelector &&
            selects(peer.namespaceSelector, { 'kubernetes.io/metadata.name': name }),
        );
      expect(['ingress-nginx', 'monitoring', 'default', 'kube-system'].filter(enters)).toEqual([
        'ingress-nginx',
        'monitoring',
      ]);
      const open = rules.flatMap((rule) => rule.ports ?? [{}]).map(({ port }) => port);
      const ports = containers(what).flatMap((it) => (it.ports ?? []).map(({ name }) => name));
      expect(new Set(open)).toEqual(new Set(ports));
    });
  },
);
