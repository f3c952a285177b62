# The images, built from this source; it takes rust and debian from a registry. Without one: Dockerfile.local, in a file
# of its own because the classic builder builds every stage above its target, wanted or not. Nothing here needs BuildKit.
#
# The master stands on Debian: it is a multi-threaded program, for which musl's allocator is slow, and dumps will need
# pg_dump beside it (docs/adr/0012-compose.md). The tenant stands on nothing: there are a thousand of it.
ARG RUST_IMAGE=rust:1.95-bookworm
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${RUST_IMAGE} AS build
RUN rustup target add "$(uname -m)-unknown-linux-musl"
WORKDIR /src
COPY . .
RUN cargo build --locked --release -p master-bot -p sandbox --bins
RUN cargo build --locked --profile tenant --target "$(uname -m)-unknown-linux-musl" -p tenant-bot
RUN mkdir /out \
    && cp target/release/master-bot target/release/sandbox "target/$(uname -m)-unknown-linux-musl/tenant/tenant-bot" /out/ \
    && cp -L /etc/ssl/certs/ca-certificates.crt /out/

# One static program and the certificates it trusts. There is no user database, so the user is a number.
FROM scratch AS tenant
LABEL slotyard.image=tenant
COPY --from=build /out/tenant-bot /app
COPY --from=build /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
USER 65532:65532
ENTRYPOINT ["/app"]

FROM ${BASE_IMAGE} AS master
LABEL slotyard.image=master
COPY --from=build /out/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/master-bot /usr/local/bin/master-bot
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/master-bot"]

FROM ${BASE_IMAGE} AS sandbox
LABEL slotyard.image=sandbox
COPY --from=build /out/sandbox /usr/local/bin/sandbox
USER 10001:10001
ENTRYPOINT ["/usr/local/bin/sandbox"]
