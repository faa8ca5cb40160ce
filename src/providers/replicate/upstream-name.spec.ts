import { describe, expect, it } from 'vitest';
import { readUpstreamName } from './upstream-name.js';

const VERSION = 'a1'.repeat(32);

describe('a name at Replicate', () => {
  it.each<[string, string | undefined, object]>([
    ['acme/seer', undefined, { kind: 'model', owner: 'acme', name: 'seer' }],
    ['acme/seer-2.5_b', VERSION, { kind: 'version', owner: 'acme', name: 'seer-2.5_b', version: VERSION }],
    [`acme/seer:${VERSION}`, undefined, { kind: 'version', owner: 'acme', name: 'seer', version: VERSION }],
    ['deployments/acme/eyes', undefined, { kind: 'deployment', owner: 'acme', name: 'eyes' }],
    ['deployments/acme/eyes', VERSION, { kind: 'deployment', owner: 'acme', name: 'eyes' }],
    ['deployments/seer', undefined, { kind: 'model', owner: 'deployments', name: 'seer' }],
  ])('%s with %s is read', (text, version, expected) => {
    expect(readUpstreamName(text, version)).toEqual(expected);
  });

  it.each([
    '',
    'seer',
    'acme/',
    '/seer',
    '../../x',
    'acme/..',
    './seer',
    'acme/%2e%2e',
    'acme/seer/versions',
    'deployments/../x',
    'acme/seer?x=1',
    'acme/seer#x',
    'acme\\seer',
    'acme/se er',
    'acme/seer\n',
    'acme/🚲',
    'acme/seer:latest',
    `acme/seer:${VERSION}0`,
    `deployments/acme/eyes:${VERSION}`,
    `acme/${'x'.repeat(10_000)}`,
  ])('%j is no name to build a path of (C10)', (text) => {
    expect(readUpstreamName(text)).toBeUndefined();
  });

  it.each(['v', '../x', '', `${VERSION}/..`])('with the version %j is none either', (version) => {
    expect(readUpstreamName('acme/seer', version)).toBeUndefined();
  });
});
