#!/bin/sh
# make-secrets.sh [--replace NAME] [FOLDER]: makes the secrets of compose.yaml, each in a file of its own. One that is
# there stays as it is, unless it is to be replaced: replicate_token, admin_key or metrics_token, for which no restart is
# needed. The Replicate token comes from REPLICATE_API_TOKEN, or is asked for.
set -eu
umask 077

replace=''
if [ "${1:-}" = --replace ]; then
  replace="${2:-}"
  case "$replace" in
    replicate_token | admin_key | metrics_token) ;;
    *)
      echo "--replace takes replicate_token, admin_key or metrics_token, not '$replace'. The others cannot change by themselves: see docs/secrets.md." >&2
      exit 1
      ;;
  esac
  shift 2
fi
case "${1:-}" in
  -*)
    echo "Usage: $0 [--replace NAME] [FOLDER]" >&2
    exit 1
    ;;
esac

folder="${1:-$(dirname "$0")/secrets}"
mkdir -p "$folder"
# Nobody else gets into the folder. The files in it can be read by all, because Docker mounts them as they are into
# containers whose users have other ids.
chmod 700 "$folder"

# Whether a secret has to be made; tells of one that is kept.
missing() {
  if [ ! -s "$folder/$1.txt" ] || [ "$1" = "$replace" ]; then return 0; fi
  printf 'kept %s\n' "$folder/$1.txt"
  return 1
}

# Makes a file of the input. A new one is whole or not there; one that is there is written in place, since running
# containers have this very file mounted and would not see another one of its name.
keep() {
  cat >"$folder/.$1.new"
  if [ -s "$folder/$1.txt" ]; then
    chmod 644 "$folder/$1.txt"
    cat "$folder/.$1.new" >"$folder/$1.txt"
    chmod 444 "$folder/$1.txt"
    rm -f "$folder/.$1.new"
    printf 'replaced %s\n' "$folder/$1.txt"
    return
  fi
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
elif [ -n "${REPLICATE_API_TOKEN:-}" ] && [ "$REPLICATE_API_TOKEN" != "$(cat "$folder/replicate_token.txt")" ]; then
  echo "REPLICATE_API_TOKEN is another token than the one that is kept. To take it: $0 --replace replicate_token" >&2
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
