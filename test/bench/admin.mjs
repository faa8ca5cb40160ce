// The admin API, as far as benches need it.

/** Calls the admin API; throws for what it refuses. */
export async function admin(url, adminKey, path, { method = 'POST', body } = {}) {
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${adminKey}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** A key of a new tenant, both with these limits. */
export async function makeKey(url, adminKey, limits) {
  const { id } = await admin(url, adminKey, '/admin/tenants', { body: { name: 'Bench', limits } });
  const { key } = await admin(url, adminKey, `/admin/tenants/${id}/keys`, {
    body: { name: 'bench', limits },
  });
  return key;
}
