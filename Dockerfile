# syntax=docker/dockerfile:1
# One program in a small image. Built from this repository alone:
#
#   docker build -t hansa .
FROM docker.io/library/rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc g++ libc6-dev make cmake perl pkg-config \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --bin hansa \
 && cp target/release/hansa /usr/local/bin/hansa

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/hansa --create-home hansa
COPY --from=build /usr/local/bin/hansa /usr/local/bin/hansa
USER 10001
WORKDIR /var/lib/hansa
VOLUME /var/lib/hansa
EXPOSE 8080
ENV HANSA_DATA_DIR=/var/lib/hansa
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=6 \
  CMD ["curl", "--fail", "--silent", "--show-error", "http://127.0.0.1:8080/readyz"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["hansa"]
CMD ["serve"]
