# shellcheck shell=bash
# The host's programs and the tenant's image.

# build_programs debug|release [CARGO ARGUMENT…]: leaves SLOTYARD_BIN_DIR set.
build_programs() {
    local profile=()
    [ "$1" = debug ] || profile=(--release)
    step "building the programs ($1; several minutes when cold)"
    (cd "$ROOT" && attended cargo build --locked "${profile[@]}" --workspace --bins "${@:2}") >&2 || die "The build failed (see above)."
    export SLOTYARD_BIN_DIR=$CARGO_TARGET_DIR/$1
    done_step
}

# image_of NAME CONTEXT [TARGET]: leaves TAG set. The tag is the content's, so what is unchanged is not built again.
image_of() {
    local files
    files=$(cd "$2" && sha256sum -- *)
    TAG=$1:$(printf '%s' "$files" | sha256sum | cut -c1-12)
    ! docker image inspect "$TAG" >/dev/null 2>&1 || return 0
    # The classic builder: it is in every engine, and three files need no other.
    DOCKER_BUILDKIT=0 docker build --quiet ${3:+--target "$3"} --tag "$TAG" "$2" >"$RUN/image.log" 2>&1 || {
        tail -n 15 "$RUN/image.log" >&2
        die "docker build failed (see above)."
    }
}

# build_empty_image: a program that does nothing, for comparison; leaves SLOTYARD_EMPTY_IMAGE set.
build_empty_image() {
    local context=$RUN/empty
    mkdir -p "$context"
    printf '#include <unistd.h>\nint main(void) { for (;;) pause(); }\n' >"$RUN/empty.c"
    gcc -static -O2 -s -o "$context/app" "$RUN/empty.c" || die "gcc could not build an empty program (see above)."
    printf 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n' >"$context/Dockerfile"
    image_of slotyard-empty "$context"
    rm -rf "$context"
    export SLOTYARD_EMPTY_IMAGE=$TAG
}

# build_tenant: the static program alone.
build_tenant() {
    step "building the tenant bot (about 4 minutes when cold)"
    (cd "$ROOT" && attended cargo build --locked --profile tenant --target "$MUSL_TARGET" -p tenant-bot) >&2 ||
        die "The build of the tenant bot failed (see above)."
    done_step
}

# build_image: leaves SLOTYARD_TENANT_IMAGE set.
build_image() {
    local context
    build_tenant
    context=$RUN/image
    mkdir -p "$context"
    cp "$CARGO_TARGET_DIR/$MUSL_TARGET/tenant/tenant-bot" "$context/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$context/ca-certificates.crt"
    cp "$ROOT/Dockerfile.local" "$context/Dockerfile"
    image_of slotyard-tenant "$context" tenant
    rm -rf "$context"
    export SLOTYARD_TENANT_IMAGE=$TAG
}

# build_probe_image: the attacker that tests put in a tenant's place; leaves SLOTYARD_PROBE_IMAGE set.
build_probe_image() {
    local context=$RUN/probe
    step "building the probe's image"
    (cd "$ROOT" && attended cargo build --locked --profile tenant --target "$MUSL_TARGET" -p probe) >&2 ||
        die "The build of the probe failed (see above)."
    mkdir -p "$context"
    cp "$CARGO_TARGET_DIR/$MUSL_TARGET/tenant/probe" "$context/app"
    cp "$ROOT/scripts/lib/probe.Dockerfile" "$context/Dockerfile"
    image_of slotyard-probe "$context"
    rm -rf "$context"
    export SLOTYARD_PROBE_IMAGE=$TAG
    done_step
}
