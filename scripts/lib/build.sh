# shellcheck shell=bash
# The host's programs and the tenant's image.

# build_programs debug|release: leaves SLOTYARD_BIN_DIR set.
build_programs() {
    local profile=()
    [ "$1" = debug ] || profile=(--release)
    step "building the programs ($1; several minutes when cold)"
    (cd "$ROOT" && attended cargo build --locked "${profile[@]}" --workspace --bins) >&2 || die "The build failed (see above)."
    export SLOTYARD_BIN_DIR=$CARGO_TARGET_DIR/$1
    done_step
}

# build_image: leaves SLOTYARD_TENANT_IMAGE set. The tag is the content's, so what is unchanged is not built again.
build_image() {
    local context tag files
    step "building the tenant image (about 4 minutes when cold)"
    (cd "$ROOT" && attended cargo build --locked --profile tenant --target "$MUSL_TARGET" -p tenant-bot) >&2 ||
        die "The build of the tenant bot failed (see above)."
    context=$RUN/image
    mkdir -p "$context"
    cp "$CARGO_TARGET_DIR/$MUSL_TARGET/tenant/tenant-bot" "$context/app"
    cp -L /etc/ssl/certs/ca-certificates.crt "$context/ca-certificates.crt"
    cp "$ROOT/scripts/lib/tenant.Dockerfile" "$context/Dockerfile"
    files=$(cd "$context" && sha256sum app ca-certificates.crt Dockerfile)
    tag=slotyard-tenant:$(printf '%s' "$files" | sha256sum | cut -c1-12)
    if ! docker image inspect "$tag" >/dev/null 2>&1; then
        # The classic builder: it is in every engine, and three files need no other.
        DOCKER_BUILDKIT=0 docker build --quiet --tag "$tag" "$context" >"$RUN/image.log" 2>&1 || {
            tail -n 15 "$RUN/image.log" >&2
            die "docker build failed (see above)."
        }
    fi
    rm -rf "$context"
    export SLOTYARD_TENANT_IMAGE=$tag
    done_step
}
