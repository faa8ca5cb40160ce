import { describe, expect, it } from 'vitest';
import { toDatabaseUrl } from './database-secret.js';

const aws = { engine: 'postgres', username: 'cerebro', password: 'p@ss/w:rd?#', host: 'db.example.com' };

describe("a database's secret", () => {
  it('is a connection string as it is', () => {
    expect(toDatabaseUrl('postgresql://a:b@c/d')).toBe('postgresql://a:b@c/d');
  });

  it('is what AWS keeps of a database, whatever characters are in the password', () => {
    const url = new URL(toDatabaseUrl(JSON.stringify({ ...aws, port: 5433, dbname: 'cere bro' })));
    expect(decodeURIComponent(url.password)).toBe(aws.password);
    expect([url.username, url.host, url.pathname]).toEqual(['cerebro', 'db.example.com:5433', '/cere%20bro']);
    expect(toDatabaseUrl(JSON.stringify(aws))).toMatch(/@db\.example\.com\/$/);
    expect(toDatabaseUrl(JSON.stringify({ ...aws, port: '5433' }))).toMatch(/:5433\/$/);
  });

  it.each(['username', 'password', 'host'])('is refused without %s, and not shown', (field) => {
    const told = () => toDatabaseUrl(JSON.stringify({ ...aws, [field]: undefined }));
    expect(told).toThrow(/without username, password and host/);
    expect(told).not.toThrow(/p@ss/);
  });
});
