// Where sealed texts are stored. Each is bound to its place: copied to another row or column, it does not open.

/** A tenant's own token at the provider. */
export function upstreamTokenContext(tenantId: string): string {
  return `tenants/${tenantId}/upstream_token`;
}

/** The secret that a tenant's alerts are signed with. */
export function alertSecretContext(tenantId: string): string {
  return `tenants/${tenantId}/alert_secret`;
}
