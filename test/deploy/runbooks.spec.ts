// Whoever is woken up by an alert, or sent to a page by the reference of the configuration, finds what is promised there.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { SETTINGS } from '../../src/config/setting-catalogue.js';

const root = fileURLToPath(new URL('../..', import.meta.url));

interface Alert {
  readonly alert: string;
  readonly annotations: { readonly runbook_url: string };
}

/** The parts of a page, by the anchors that GitHub gives to their headings. */
function partsOf(page: string): Map<string, string> {
  const parts = readFileSync(`${root}/${page}`, 'utf8').split(/^#{2,3} /m);
  return new Map(
    parts.slice(1).map((part) => {
      const [heading = ''] = part.split('\n');
      const anchor = heading
        .toLowerCase()
        .replace(/[^\w -]/g, '')
        .replaceAll(' ', '-');
      return [anchor, part];
    }),
  );
}

const { groups } = parse(readFileSync(`${root}/deploy/monitoring/alerts.yml`, 'utf8')) as {
  groups: { rules: Alert[] }[];
};
const alerts = groups.flatMap(({ rules }) => rules);

describe('docs/operations.md', () => {
  const parts = partsOf('docs/operations.md');

  it.each(alerts)('says in its runbook how $alert shows', ({ alert, annotations }) => {
    const [page, anchor = ''] = annotations.runbook_url.split('#');
    expect(page).toBe('docs/operations.md');
    expect(parts.get(anchor)).toContain(`\`${alert}\``);
  });

  it('has a runbook for everything that it must have one for', () => {
    expect([...parts.keys()]).toEqual(
      expect.arrayContaining([
        'replicate-down',
        'database-down',
        'budget-alert',
        'leaked-key',
        'stuck-predictions',
        'high-latency',
        'gateway-down',
      ]),
    );
  });

  it('says where to type its commands, wherever Cerebro runs', () => {
    const [introduction = ''] = readFileSync(`${root}/docs/operations.md`, 'utf8').split(/^## /m);
    for (const place of ['Compose', 'Kubernetes', 'AWS'])
      expect(introduction).toMatch(new RegExp(`^\\| ${place} `, 'm'));
    const { services } = parse(readFileSync(`${root}/compose.yaml`, 'utf8')) as { services: object };
    const named = [...introduction.matchAll(/docker compose exec (\w+)/g)].map(([, service]) => service);
    expect(named.length).toBeGreaterThan(1);
    for (const service of named) expect(Object.keys(services)).toContain(service);
  });

  it('asks for client tools of the major version that Compose runs', () => {
    const [, major] = /image: postgres:(\d+)/.exec(readFileSync(`${root}/compose.yaml`, 'utf8')) ?? [];
    expect(parts.get('backup-and-restore')).toContain(`${major} for PostgreSQL ${major}`);
  });

  it('links to parts of itself that are there', () => {
    const text = [...parts.values()].join('');
    const anchors = [...text.matchAll(/\]\(#([\w-]+)\)/g)].map(([, anchor]) => anchor);
    expect(anchors.length).toBeGreaterThan(5);
    expect(anchors.filter((anchor) => !parts.has(anchor ?? ''))).toEqual([]);
  });
});

describe('the reference of the configuration', () => {
  const places = [...new Set([...SETTINGS.values()].flatMap(({ see }) => see ?? []))];

  it.each(places)('points at %s, which is there', (place) => {
    const [page = '', anchor] = place.split('#');
    expect(existsSync(`${root}/docs/${page}`)).toBe(true);
    if (anchor !== undefined) expect([...partsOf(`docs/${page}`).keys()]).toContain(anchor);
  });
});
