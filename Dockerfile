# Flow2API as one executable in a small image. From a checkout: docker build -t flow2api .
FROM node:22-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npx -y bun@1.4.5 run build --outfile /out/flow2api

FROM debian:bookworm-slim
RUN useradd --system --uid 10001 --home-dir /app --shell /usr/sbin/nologin flow2api \
 && install -d -o flow2api -g flow2api /app /app/config /app/data /app/tmp
COPY --from=build --chown=flow2api:flow2api /out/flow2api /app/flow2api
COPY --chown=flow2api:flow2api config/ /app/config/
WORKDIR /app
USER flow2api
# Inside a container loopback reaches nobody. Publish the port where it should be reached.
ENV FLOW2API_HOST=0.0.0.0 FLOW2API_PORT=8000
EXPOSE 8000
VOLUME ["/app/config", "/app/data", "/app/tmp"]
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s CMD ["/app/flow2api", "--healthcheck"]
# On SIGTERM it stops taking work and lets what runs end, for up to [server] drain_timeout_s: docker stop -t 75
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/flow2api"]
