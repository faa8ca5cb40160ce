#!/usr/bin/env bash
# Puts Cerebro on AWS: checks what that needs, builds, deploys, and prints the address. `--help` tells the rest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat <<'HELP'
Usage: ./quickstart.sh [--local | --fargate] [options]

  (nothing)     AWS Lambda, as template.yaml says: sam build, sam deploy
  --fargate     ECS Fargate behind a load balancer, as deploy/aws/fargate.yaml says: docker build, docker push, deploy
  --local       on this machine: npm ci && npm start

Options (or the variables in brackets):
  --stack-name NAME               [STACK_NAME] default: cerebro
  --region REGION                 [AWS_REGION] default: that of the AWS profile
  --database-url-secret-arn ARN   [DATABASE_URL_SECRET_ARN] secret with PostgreSQL's connection string, or RDS's JSON
  --replicate-token-secret-arn ARN [REPLICATE_API_TOKEN_SECRET_ARN] secret with the Replicate token, where there is one
  --front-door function-url|http-api  Lambda only; http-api neither streams nor waits longer than 30 s
  --concurrency N                 Lambda only: most instances, 0 for no limit; default: 20, or 0 in an account with few
  --param KEY=VALUE               any other parameter of the template, as often as you like
  --public-url URL                [CEREBRO_PUBLIC_URL] https://… ; needed with --fargate, found out without
  --yes                           asks nothing
  --dry-run                       prints what it would do, and changes nothing
  --help

The Replicate token itself is no option, as others could read it there: it is taken from REPLICATE_API_TOKEN, or asked
for without being shown, and kept in AWS Secrets Manager. So is the connection string, from DATABASE_URL. Fargate also
needs: --param VpcId=… --param VpcCidr=… --param PublicSubnets=a,b --param PrivateSubnets=a,b --param CertificateArn=…
HELP
}

say() { printf '%s\n' "$*" >&2; }
die() { say "quickstart: $*"; exit 2; }

target=lambda stack=${STACK_NAME:-cerebro} region=${AWS_REGION:-${AWS_DEFAULT_REGION:-}} dry='' yes=''
database=${DATABASE_URL_SECRET_ARN:-} token=${REPLICATE_API_TOKEN_SECRET_ARN:-} public_url=${CEREBRO_PUBLIC_URL:-}
parameters=()
while (($#)); do
  option=$1
  case $option in
    --stack-name | --region | --database-url-secret-arn | --replicate-token-secret-arn | --front-door | --concurrency | --param | --public-url)
      [[ $# -ge 2 && $2 != --* && -n $2 ]] || die "$option needs a value"
      shift ;;
  esac
  case $option in
    --stack-name) stack=$1 ;;
    --region) region=$1 ;;
    --database-url-secret-arn) database=$1 ;;
    --replicate-token-secret-arn) token=$1 ;;
    --front-door)
      [[ $1 == function-url || $1 == http-api ]] || die "--front-door is function-url or http-api, not $1"
      parameters+=("FrontDoor=$1") ;;
    --concurrency)
      [[ $1 =~ ^[0-9]+$ ]] || die "--concurrency is a number, not $1"
      parameters+=("ReservedConcurrency=$1") ;;
    --param)
      [[ $1 =~ ^[A-Za-z]+=. ]] || die "--param is KEY=VALUE"
      parameters+=("$1") ;;
    --public-url) public_url=${1%/} ;;
    --fargate | --local)
      [[ $target == lambda || $target == "${option#--}" ]] || die '--fargate and --local are two ways: take one'
      target=${option#--} ;;
    --dry-run) dry=yes ;;
    --yes) yes=yes ;;
    --help | -h) usage; exit 0 ;;
    # What was typed is not repeated: it may be a secret.
    --replicate-token | --replicate-token=* | --database-url | --database-url=*)
      die 'secrets are no options: set REPLICATE_API_TOKEN or DATABASE_URL, or wait to be asked' ;;
    -*) die "there is no option ${option%%=*}; ./quickstart.sh --help lists them" ;;
    *) die 'there are only options; ./quickstart.sh --help lists them' ;;
  esac
  shift
done
[[ $stack =~ ^[A-Za-z][A-Za-z0-9-]{0,50}$ ]] || die 'a stack name has letters, digits and hyphens, and begins with a letter'
[[ -z $public_url || $public_url =~ ^https://[^/[:space:]]+$ ]] || die '--public-url is https:// and a host'
for arn in "$database" "$token"; do
  [[ -z $arn || $arn =~ ^arn:aws[a-z-]*:secretsmanager: ]] || die 'a secret is named by its ARN, arn:aws:secretsmanager:…'
done
[[ $target != fargate || -n $public_url ]] || die '--fargate needs --public-url, whose name has the certificate'

# Secrets in the environment are for this script, and not for the tools that it starts.
[[ $target == local ]] || export -n REPLICATE_API_TOKEN DATABASE_URL

# All that is missing is told at once.
missing=()
need() { # command, what for, Debian, Homebrew, address
  command -v "$1" >/dev/null 2>&1 && return
  missing+=("$1, $2: apt-get install $3 | brew install $4 | $5")
}
if [[ $target == local ]]; then
  need npm 'brings Cerebro and its Node' npm node https://nodejs.org/en/download
  if command -v node >/dev/null 2>&1; then
    version=$(node --version)
    major=${version#v} major=${major%%.*}
    # npm ci brings the Node that Cerebro runs on; this one only has to run npm.
    ((major >= 20)) || missing+=("node 20 or newer, to run npm; here is $version: https://nodejs.org/en/download | brew install node")
  else
    missing+=('node, runs npm: apt-get install nodejs | brew install node | https://nodejs.org/en/download')
  fi
else
  need aws 'speaks with AWS' awscli awscli https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html
  need docker 'builds the image' docker.io docker https://docs.docker.com/get-docker/
  need curl 'sees whether Cerebro is ready' curl curl https://curl.se/download.html
  need openssl 'makes keys' openssl openssl https://openssl-library.org/source/
  [[ $target == fargate ]] || need sam 'builds and deploys the template' '(none: pip install aws-sam-cli)' aws-sam-cli \
    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/install-sam-cli.html
  if command -v docker >/dev/null 2>&1 && ! docker info >/dev/null 2>&1; then
    missing+=("a running Docker engine, that this user may use: systemctl start docker | open -a Docker")
  fi
  if command -v aws >/dev/null 2>&1; then
    region=${region:-$(aws configure get region 2>/dev/null || true)}
    [[ -n $region ]] || missing+=('a region: --region eu-central-1, or: aws configure set region eu-central-1')
    account=$(aws sts get-caller-identity --query Account --output text 2>/dev/null || true)
    [[ -n $account ]] || missing+=('AWS credentials that are good: aws configure | aws sso login | https://docs.aws.amazon.com/cli/latest/userguide/cli-chap-authentication.html')
  fi
fi
if ((${#missing[@]})); then
  say 'quickstart: this machine lacks'
  printf '  - %s\n' "${missing[@]}" >&2
  [[ -n $dry ]] || exit 1
  region=${region:-REGION} account=${account:-ACCOUNT}
fi

# Runs a command, or tells it. Commands hold no secrets: these go through file descriptors.
run() {
  printf '+ %s\n' "$*" >&2
  [[ -n $dry ]] || "$@"
}

if [[ $target == local ]]; then
  run npm ci
  run npm start
  exit $((${#missing[@]} > 0))
fi
export AWS_REGION=$region AWS_DEFAULT_REGION=$region AWS_PAGER='' SAM_CLI_TELEMETRY=0

# The ARN of one of the stack's secrets, of which there may be none.
secret_arn() { aws secretsmanager describe-secret --secret-id "$stack/$1" --query ARN --output text 2>/dev/null || true; }

# Keeps standard input as a secret of the stack and gives its ARN. The value is in no argument, file or history: the
# client reads it from a pipe.
keep_secret() {
  local value arn
  IFS= read -r value || [[ -n $value ]] || die "$1 is empty"
  arn=$(secret_arn "$1")
  if [[ -n $dry ]]; then
    say "+ aws secretsmanager (${arn:+another value of }$stack/$1, from a pipe)"
    printf 'arn:aws:secretsmanager:%s:%s:secret:%s/%s' "$region" "$account" "$stack" "$1"
    return
  fi
  if [[ -n $arn ]]; then
    aws secretsmanager put-secret-value --query ARN --output text --secret-id "$arn" --secret-string file:///dev/stdin
  else
    aws secretsmanager create-secret --query ARN --output text --name "$stack/$1" --secret-string file:///dev/stdin
  fi < <(printf '%s' "$value")
}

# A secret's ARN: the one that was given, what the environment holds, what was kept earlier, or what a person types.
find_secret() { # name, given ARN, variable, question
  local arn=$2 value=${!3:-}
  if [[ -z $arn && -n $value ]]; then arn=$(printf '%s\n' "$value" | keep_secret "$1") || exit; fi
  if [[ -z $arn ]]; then arn=$(secret_arn "$1"); fi
  if [[ -z $arn && -n $dry ]]; then arn=$(printf 'asked for\n' | keep_secret "$1") || exit; fi
  if [[ -z $arn ]]; then
    [[ -z $yes && -t 0 ]] || die "the $4 is missing: set $3"
    IFS= read -rsp "$4 (it is not shown): " value </dev/tty && say ''
    arn=$(printf '%s\n' "$value" | keep_secret "$1") || exit
  fi
  printf '%s' "$arn"
}

# A secret that nobody has to know: made once, kept ever after.
made_secret() { # name, prefix, openssl's words for it
  local arn
  arn=$(secret_arn "$1")
  if [[ -z $arn && -n $dry ]]; then arn=$(printf 'made\n' | keep_secret "$1") || exit; fi
  if [[ -z $arn ]]; then arn=$(openssl rand "${@:3}" 32 | sed "s/^/$2/" | keep_secret "$1") || exit; fi
  printf '%s' "$arn"
}

# Deployed again without a parameter, a stack keeps the value that it has.
is_new() { ! aws cloudformation describe-stacks --stack-name "$stack" >/dev/null 2>&1; }
has_parameter() { [[ " ${parameters[*]-}" == *" $1="* ]]; }

if [[ $target == fargate ]] && is_new; then
  unset_parameters=()
  for name in VpcId VpcCidr PublicSubnets PrivateSubnets CertificateArn; do
    has_parameter "$name" || unset_parameters+=("--param $name=…")
  done
  ((${#unset_parameters[@]} == 0)) || die "there is no stack $stack yet: it needs ${unset_parameters[*]}"
elif [[ $target == lambda ]] && ! has_parameter ReservedConcurrency && is_new; then
  # AWS keeps 100 instances unreserved; young accounts have 10 in all, of which none can be reserved.
  free=$(aws lambda get-account-settings --query AccountLimit.UnreservedConcurrentExecutions --output text 2>/dev/null || true)
  if [[ $free =~ ^[0-9]+$ ]] && ((free < 120)); then
    say "This account has $free instances of Lambda to give: none are reserved (--concurrency 0)."
    parameters+=(ReservedConcurrency=0)
  fi
fi

say "Cerebro goes to account $account, $region, as the stack $stack ($target)."
if [[ -z $yes && -z $dry && -t 0 ]]; then
  read -rp 'Go on? [y/N] ' reply
  [[ $reply == [yY]* ]] || die 'nothing was changed'
fi

token=$(find_secret ReplicateApiToken "$token" REPLICATE_API_TOKEN 'Replicate token')
database=$(find_secret DatabaseUrl "$database" DATABASE_URL "connection string of PostgreSQL")
encryption=$(made_secret EncryptionKeys 1: -base64)
parameters+=("ReplicateApiToken=$token" "DatabaseUrl=$database" "EncryptionKeys=$encryption")

output_of() {
  aws cloudformation describe-stacks --stack-name "$stack" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue | [0]"
}

if [[ $target == fargate ]]; then
  admin_key=$(made_secret AdminKey '' -hex)
  pepper=$(made_secret KeyPepper '' -hex)
  registry=$account.dkr.ecr.$region.amazonaws.com
  [[ -n $dry ]] || aws ecr describe-repositories --repository-names "$stack" >/dev/null 2>&1 ||
    run aws ecr create-repository --repository-name "$stack" --image-tag-mutability IMMUTABLE >/dev/null
  image=$registry/$stack:$(git rev-parse --short HEAD 2>/dev/null || echo local)-$(date -u +%Y%m%d%H%M%S)
  run docker build --platform linux/amd64 --target cerebro --tag "$image" .
  say "+ docker login $registry (the password through a pipe)"
  [[ -n $dry ]] || aws ecr get-login-password | docker login --username AWS --password-stdin "$registry" >/dev/null
  run docker push "$image"
  run aws cloudformation deploy --stack-name "$stack" --template-file deploy/aws/fargate.yaml \
    --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset --parameter-overrides "Image=$image" \
    "ImageRepositoryArn=arn:aws:ecr:$region:$account:repository/$stack" "PublicUrl=$public_url" \
    "AdminKey=$admin_key" "KeyPepper=$pepper" "${parameters[@]}"
  [[ -n $dry ]] || say "$public_url has to lead to $(output_of LoadBalancerName): make a CNAME or an alias record."
else
  deploy_lambda() {
    run sam deploy --stack-name "$stack" --region "$region" --resolve-s3 --resolve-image-repos --capabilities CAPABILITY_IAM \
      --no-confirm-changeset --no-fail-on-empty-changeset --parameter-overrides "${parameters[@]}" \
      ${public_url:+"PublicUrl=$public_url"}
  }
  # A stack that is there tells its address already.
  [[ -n $public_url ]] || public_url=$(output_of Address 2>/dev/null || true)
  [[ $public_url == https://* ]] || public_url=
  public_url=${public_url%/}
  run sam build
  first=$public_url
  deploy_lambda
  if [[ -z $first ]]; then
    # The address is known only now, and Replicate's webhooks need it.
    if [[ -n $dry ]]; then public_url=https://THE-ADDRESS; else public_url=$(output_of Address) public_url=${public_url%/}; fi
    deploy_lambda
  fi
  if [[ -n $dry ]]; then admin_key=THE-SECRET; else admin_key=$(output_of AdminKeySecret); fi
fi

[[ -z $dry ]] || { say 'Nothing was changed.'; exit $((${#missing[@]} > 0)); }
say "Waiting until $public_url is ready …"
deadline=$((SECONDS + ${QUICKSTART_PATIENCE:-600}))
until curl --fail --silent --max-time 60 --output /dev/null "$public_url/readyz"; do
  ((SECONDS < deadline)) || die "$public_url/readyz is not ready; look at: aws logs tail / sam logs --stack-name $stack"
  sleep 5
done
cat <<DONE

Cerebro is ready.
Address    $public_url
Docs       $public_url/docs
Admin key  aws secretsmanager get-secret-value --region $region --query SecretString --output text --secret-id $admin_key

Make a tenant and a key (docs/keys.md), then ask:

curl $public_url/v1/completions -H "Authorization: Bearer \$CEREBRO_KEY" -H 'Content-Type: application/json' \\
  -d '{"prompt": "Describe the image.", "image_urls": "https://example.com/image.jpg", "max_tokens": 100}'
DONE
