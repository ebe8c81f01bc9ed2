# syntax=docker/dockerfile:1
# Not tried yet: no Docker engine was at hand when this was written.
#
#   docker build -t eventlease .
#   docker run -p 127.0.0.1:8080:8080 -e DATABASE_URL=postgres://user:password@host/database eventlease
#
# The image has no PostgreSQL, so it needs DATABASE_URL, or DATABASE_URL_FILE for a mounted secret. docker-compose.yml
# starts both. For Kubernetes: deploy/kubernetes.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY . .
# `dist` is `release` with link-time optimisation: slower to build, faster to run. `--build-arg PROFILE=release` to try.
ARG PROFILE=dist
# Without symbols, as in the archives (scripts/build-dist).
ENV CARGO_PROFILE_DIST_DEBUG=none CARGO_PROFILE_DIST_STRIP=symbols
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --locked --features otel --profile "$PROFILE" \
    && cp "target/$PROFILE/eventlease" /eventlease

FROM debian:bookworm-slim
# ca-certificates for TLS to PostgreSQL, curl for the health check.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin eventlease \
    && install -d -o 10001 -g 10001 -m 0700 /var/lib/eventlease
COPY --from=build /eventlease /usr/local/bin/eventlease
# By number, so that an orchestrator can see that it is not root (runAsNonRoot).
USER 10001
# It listens beyond loopback, so that callers need tokens; the first one: docker exec NAME cat /var/lib/eventlease/admin-token
# It is written once, so the volume must outlive the container. EVENTLEASE_ADMIN_TOKEN_FROM_FILE brings one instead.
VOLUME /var/lib/eventlease
ENV EVENTLEASE_LISTEN=0.0.0.0:8080 EVENTLEASE_LOG_FORMAT=json EVENTLEASE_ADMIN_TOKEN_FILE=/var/lib/eventlease/admin-token
EXPOSE 8080
# Liveness only: an outage of the database must not restart the service, it recovers by itself. /readyz is for routing.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD curl -fsS -o /dev/null "http://127.0.0.1:${EVENTLEASE_LISTEN##*:}/healthz"
ENTRYPOINT ["eventlease"]
CMD ["serve"]
