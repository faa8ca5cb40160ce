# syntax=docker/dockerfile:1
# Cerebro in a container. The default target is the image for any container host; `--target lambda` is the same with
# AWS Lambda Web Adapter. `npm run image:replay` carries out these steps without Docker and tries the result.

# The release that package.json brings to developers. A tag can be moved; to build on the very same bytes each time, pin it:
#   docker buildx imagetools inspect node:26.10.0-slim --format '{{.Manifest.Digest}}'
#   docker build --build-arg NODE_IMAGE=node:26.10.0-slim@sha256:… .
ARG NODE_IMAGE=node:26.10.0-slim
ARG LAMBDA_ADAPTER_IMAGE=public.ecr.aws/awsguru/aws-lambda-adapter:1.0.1

# What runs, and nothing else of the registry's packages.
FROM ${NODE_IMAGE} AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# @prisma/client names Prisma's command line and TypeScript as optional peers: 250 MB that nothing here runs.
RUN npm ci --omit=dev --omit=optional
# Types, source maps and Prisma's compilers for other databases are never read: 115 of 180 MB.
RUN find node_modules -type f -regex '.*\.\(map\|d\.[cm]?ts\)' -delete \
  && find node_modules/@prisma/client/runtime -type f -name 'query_compiler_*' \
    ! -name 'query_compiler_fast_bg.postgresql.mjs' \
    ! -name 'query_compiler_fast_bg.postgresql.wasm-base64.mjs' -delete

FROM ${NODE_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY nest-cli.json tsconfig.json tsconfig.build.json prisma.config.ts ./
COPY scripts ./scripts
COPY prisma ./prisma
COPY src ./src
RUN npm run build && find dist -type f \( -name '*.map' -o -name '.tsbuildinfo' \) -delete
# The bill of materials lists the packages that are in the image, not those that a lock file would allow.
COPY --from=dependencies /app/node_modules ./production/node_modules
COPY package.json package-lock.json ./production/
RUN node_modules/.bin/cyclonedx-npm --omit dev --omit optional --omit peer --spec-version 1.6 \
    --output-reproducible --validate --output-file sbom.cdx.json production/package.json

FROM ${NODE_IMAGE} AS runtime
ENV NODE_ENV=production PORT=3000
WORKDIR /app
# All of it belongs to root, and the process is not root. It writes to no file; Node may use /tmp.
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/sbom.cdx.json ./sbom.cdx.json
COPY package.json LICENSE ./
COPY scripts/run.mjs ./scripts/run.mjs
COPY prisma/migrations ./prisma/migrations
# The image's user `node`, as a number, so that Kubernetes can see that it is not root.
USER 1000:1000
EXPOSE 3000
# Whether the process answers. Whether it can serve is asked at /readyz, by load balancers.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
# Node is the first process: run.mjs loads the gateway into it, signals reach it from its first moment, and it starts no
# processes that it would have to reap.
CMD ["node", "scripts/run.mjs", "main"]
ARG VERSION=0.1.0
# The commit, and the time as RFC 3339 has it: --build-arg REVISION=$(git rev-parse HEAD) --build-arg CREATED=$(date -u +%FT%TZ)
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="Cerebro" \
  org.opencontainers.image.description="OpenAI-compatible gateway in front of vision models hosted on Replicate" \
  org.opencontainers.image.licenses="MIT" \
  org.opencontainers.image.version="${VERSION}" \
  org.opencontainers.image.revision="${REVISION}" \
  org.opencontainers.image.created="${CREATED}"

FROM ${LAMBDA_ADAPTER_IMAGE} AS lambda-adapter

# For AWS Lambda: the adapter is an extension that Lambda starts beside the gateway, and that hands it the invocations.
FROM runtime AS lambda
COPY --from=lambda-adapter /lambda-adapter /opt/extensions/lambda-adapter
ENV AWS_LWA_PORT=3000 AWS_LWA_READINESS_CHECK_PATH=/readyz AWS_LWA_INVOKE_MODE=response_stream

# Last, so that it is what is built by default.
FROM runtime AS cerebro
