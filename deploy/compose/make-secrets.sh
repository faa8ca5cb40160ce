#!/bin/sh
# Makes the secrets of compose.yaml, each in a file of its own. One that is there stays as it is.
# The Replicate token comes from REPLICATE_API_TOKEN, or is asked for.
set -eu
umask 077

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
# Nobody else gets into the folder. The files in it can be read by all, because Docker mounts them as they are into
# containers whose users have other ids.
chmod 700 "$folder"

missing() { [ ! -s "$folder/$1.txt" ]; }

# Writes to a file beside it first, so that an interruption leaves no half of a secret.
keep() {
  cat >"$folder/.$1.new"
  chmod 444 "$folder/.$1.new"
  mv -f "$folder/.$1.new" "$folder/$1.txt"
  printf 'made %s\n' "$folder/$1.txt"
}

random() { od -An -N32 -tx1 /dev/urandom | tr -d ' \n'; }

if missing replicate_token; then
  token="${REPLICATE_API_TOKEN:-}"
  if [ -z "$token" ] && [ -t 0 ]; then
    printf 'Replicate API token (https://replicate.com/account/api-tokens): ' >&2
    trap 'stty echo' EXIT
    stty -echo
    read -r token
    stty echo
    trap - EXIT
    printf '\n' >&2
  fi
  if [ -z "$token" ]; then
    echo 'REPLICATE_API_TOKEN is not set: set it to a token of https://replicate.com/account/api-tokens.' >&2
    exit 1
  fi
  printf '%s\n' "$token" | keep replicate_token
fi

for name in admin_key key_pepper metrics_token postgres_password database_password grafana_password; do
  if missing "$name"; then random | keep "$name"; fi
done

if missing encryption_keys; then
  printf '1:%s\n' "$(head -c 32 /dev/urandom | base64 | tr -d '\n')" | keep encryption_keys
fi

# Made anew whenever it does not fit, since it only repeats the password.
url="postgresql://cerebro:$(cat "$folder/database_password.txt")@postgres:5432/cerebro"
if [ "$(cat "$folder/database_url.txt" 2>/dev/null || true)" != "$url" ]; then
  printf '%s\n' "$url" | keep database_url
fi
