# syntax=docker/dockerfile:1
# Two stages: the first builds with everything, the second holds what runs and nothing else. No shell, no package manager, no root.
#
#   docker build -t onvif-connector .
#   docker run --read-only -v ./connector.yaml:/config/connector.yaml:ro -v onvif-data:/data onvif-connector

FROM node:24-trixie-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts && mkdir /data

FROM gcr.io/distroless/nodejs24-debian13:nonroot
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="onvif-connector" \
      org.opencontainers.image.description="Every event of every ONVIF / IEC 60839-11-31 device, on MQTT and Kafka, with nothing lost silently" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/mappings ./mappings
COPY --from=build /app/dist ./dist
# Owned by the user below, so that a volume mounted there for the first time is, too.
COPY --from=build --chown=65532:65532 /data /data
ENV NODE_ENV=production \
    ONVIF_CONNECTOR_CONFIG=/config/connector.yaml \
    ONVIF_CONNECTOR_DATA_DIR=/data
USER 65532:65532
VOLUME /data
# Health, metrics, API and page; base notification.
EXPOSE 9464 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["/nodejs/bin/node", "/app/dist/main.js", "healthcheck"]
# Node.js as process 1 handles its signals itself; it starts no processes that could be left behind.
ENTRYPOINT ["/nodejs/bin/node", "--enable-source-maps", "/app/dist/main.js"]
CMD ["run"]
