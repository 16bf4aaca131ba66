# The pipeline as an image: Node 24, the code, no build step (types are stripped as it runs), no root.
# Kafka and ClickHouse are servers of their own here (docker-compose.yml), so Java and the embedded ClickHouse
# (an optional package of half a gigabyte) are left out: give KAFKA_BROKERS and CLICKHOUSE_URL.

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# Node itself comes with the image, so no package needs to run anything when it is installed.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY . .
# /data: the data sets; /state: logs and what the run keeps for itself.
RUN mkdir /data /state && chown node:node /data /state
USER node
VOLUME ["/data", "/state"]
WORKDIR /app
ENTRYPOINT ["node", "cli/main.ts"]
CMD ["--help"]
