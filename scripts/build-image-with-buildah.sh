#!/usr/bin/env bash
# Builds the Dockerfile with buildah, without Docker and without a registry of images, and looks at the result. In place
# of the base image stands one of this machine's own files and the Node that package.json brings: the steps are proved,
# the base is not. As root, on Debian, with buildah from its packages; about 1 GB in the temporary folder.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v buildah >/dev/null || { echo "buildah is missing: apt-get install --no-install-recommends buildah" >&2; exit 1; }
[ "$(id -u)" = 0 ] || { echo "run this as root: buildah changes its root folder here" >&2; exit 1; }

work=$(mktemp -d "${TMPDIR:-/tmp}/cerebro-buildah-XXXXXX")
storage=(--root "$work/store" --runroot "$work/run" --storage-driver vfs)
container=
finish() {
  if [ -n "$container" ]; then buildah "${storage[@]}" rm "$container" >/dev/null || true; fi
  rm -rf "$work"
}
trap finish EXIT
export BUILDAH_ISOLATION=chroot
echo '{"default":[{"type":"insecureAcceptAnything"}]}' >"$work/policy.json"
policy=(--signature-policy "$work/policy.json")

base=$(sed -n 's/^ARG NODE_IMAGE=//p' Dockerfile)
node=node_modules/node/bin/node
npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
root="$work/root"
mkdir -p "$root"/{etc,proc,sys,dev,app,root,usr/bin,usr/lib,usr/lib64,usr/local/bin,usr/local/lib/node_modules}
mkdir -m 1777 "$root/tmp"
for folder in bin lib lib64; do ln -s "usr/$folder" "$root/$folder"; done
for program in sh bash env find ls cp mv rm mkdir cat chmod sed grep dirname basename readlink uname true id; do
  cp -L "$(command -v "$program" | grep / || echo "/usr/bin/$program")" "$root/usr/bin/$program"
done
cp -L "$node" "$root/usr/local/bin/node"
# The libraries that these are linked with, and those that name users and hosts.
for file in "$root"/usr/bin/* "$root/usr/local/bin/node"; do
  ldd "$file" 2>/dev/null | grep -o '/[^ ]*' || true
done | sort -u | xargs -I {} cp -L --parents {} "$root"
cp -a "$npm" "$root/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
printf 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1000::/home/node:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\nnode:x:1000:\n' >"$root/etc/group"
cp /etc/resolv.conf /etc/hosts /etc/nsswitch.conf "$root/etc/"
settings=(--env PATH=/usr/local/bin:/usr/bin)
# Registries behind a company's own certificate.
if [ -n "${NODE_EXTRA_CA_CERTS:-}" ]; then
  cp -L "$NODE_EXTRA_CA_CERTS" "$root/etc/extra-ca.pem"
  settings+=(--env NODE_EXTRA_CA_CERTS=/etc/extra-ca.pem)
fi

scratch=$(buildah "${storage[@]}" from "${policy[@]}" scratch)
buildah "${storage[@]}" copy --quiet "$scratch" "$root" / >/dev/null
buildah "${storage[@]}" config "${settings[@]}" "$scratch"
buildah "${storage[@]}" commit --quiet "${policy[@]}" --rm "$scratch" "docker.io/library/$base" >/dev/null

if ! buildah "${storage[@]}" bud --pull-never --format docker "${policy[@]}" --tag cerebro \
  --build-arg REVISION=buildah --file Dockerfile . >"$work/build.log" 2>&1; then
  cat "$work/build.log" >&2
  exit 1
fi
echo 'ok    buildah builds the Dockerfile'

buildah "${storage[@]}" inspect --type image cerebro >"$work/image.json"
"$node" - "$work/image.json" <<'SCRIPT'
const assert = require('node:assert');
const { config } = JSON.parse(require('node:fs').readFileSync(process.argv[2], 'utf8')).Docker;
assert.equal(config.User, '1000:1000');
assert.deepEqual(config.Cmd, ['node', 'scripts/run.mjs', 'main']);
assert.equal(config.Healthcheck.Test[0], 'CMD');
assert.equal(config.Labels['org.opencontainers.image.revision'], 'buildah');
assert.ok(config.Env.includes('NODE_ENV=production'));
SCRIPT
echo 'ok    user, command, health check, labels and environment are in its configuration'

container=$(buildah "${storage[@]}" from "${policy[@]}" --pull-never cerebro)
[ "$(buildah "${storage[@]}" run "$container" -- id -u)" = 1000 ]
buildah "${storage[@]}" run "$container" -- sh -c '! (: >/app/x) 2>/dev/null && cat /app/sbom.cdx.json >/dev/null'
echo 'ok    its user cannot write to the code, and can read the bill of materials'
if buildah "${storage[@]}" run "$container" -- node scripts/run.mjs main >"$work/run.log" 2>&1; then
  echo 'FAILED it starts without settings' >&2
  exit 1
fi
grep -q 'DATABASE_URL is required' "$work/run.log" || { cat "$work/run.log" >&2; exit 1; }
echo 'ok    it refuses production without its settings'
