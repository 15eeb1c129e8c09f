# The command line with HelloJohn's migrations in it, for a database that --database-url, HELLOJOHN_DATABASE_URL or a secret
# names, and for --function. It has no PostgreSQL of its own: --embedded is not for containers, and `validate` and `adopt`
# know what the built-in migrations make, but not what those of --dir do.
#
# Not alpine: what npm installs for the build (a PostgreSQL to try the migrations on) wants glibc. The digest is the one of
# all platforms; whoever raises it raises "node" in package.json with it.
ARG NODE_IMAGE=node:24.21.0-bookworm-slim@sha256:0e0ff40c39bc087845bfb27465a0df4ea419520094bc35842ff83dd8cbe6f9b6

FROM ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No package runs a script of its own: what needs one (the pinned Node) is not needed here.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY esbuild.config.mjs ./
COPY src ./src
COPY migrations ./migrations
RUN node esbuild.config.mjs

FROM ${NODE_IMAGE} AS packages
WORKDIR /build
COPY package.json package-lock.json ./
# Optional are the programs of PostgreSQL: four fifths of what would be installed.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM ${NODE_IMAGE}
LABEL org.opencontainers.image.title="hj" \
      org.opencontainers.image.description="Runs HelloJohn's database migrations before a deploy takes traffic." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /hellojohn
COPY LICENSE ./
COPY --from=packages /build/node_modules ./node_modules
COPY --from=build /build/dist/hj.mjs ./
COPY --from=build /build/dist/hj ./hj
# By number, so that Kubernetes can see that it is not root. It owns nothing here, and nothing is written.
USER 1000:1000
HEALTHCHECK NONE
ENTRYPOINT ["node", "/hellojohn/hj.mjs"]
CMD ["--help"]
