# shellcheck shell=bash
# What Compose needs where no registry can be reached: the programs in a folder for Dockerfile.local, and a Debian with
# Postgres, Redis and Caddy in place of the official images. Used by scripts/images, and by the test of Compose.

# Raised when what is done to the folder below changes.
DEBIAN_SHAPE=1
DEBIAN_SUITE=bookworm
DEBIAN_PACKAGES=postgresql-15,redis-server,caddy,ca-certificates

# build_debian_image: leaves SLOTYARD_DEBIAN_IMAGE set. Made once; kept as an archive beside our other caches, because the
# engines of tests do not live long.
build_debian_image() {
    local tag archive dir
    tag=$(printf '%s' "$DEBIAN_SHAPE $DEBIAN_SUITE $DEBIAN_PACKAGES" | sha256sum | cut -c1-12)
    archive=$CACHE/debian-$tag.tar
    export SLOTYARD_DEBIAN_IMAGE=slotyard-debian:$tag
    exec 8>"$CACHE/debian.lock"
    flock 8
    if ! docker image inspect "$SLOTYARD_DEBIAN_IMAGE" >/dev/null 2>&1; then
        if [ ! -s "$archive" ]; then
            step "making a Debian with Postgres, Redis and Caddy (under a minute)"
            is_root || die "Only root can make a Debian with debootstrap." "Start this script as root, once."
            dir=$(mktemp -d "$CACHE/debian-XXXXXX")
            debootstrap --variant=minbase --include="$DEBIAN_PACKAGES" "$DEBIAN_SUITE" "$dir" >"$CACHE/debootstrap.log" 2>&1 8>&- || {
                tail -n 15 "$CACHE/debootstrap.log" >&2
                rm -rf --one-file-system "$dir"
                die "debootstrap failed (see above; the whole log is $CACHE/debootstrap.log)."
            }
            # What an image has no use for, among it the cluster that Debian makes and the compiler for queries.
            rm -rf "$dir"/var/cache/apt/* "$dir"/var/lib/apt/lists/* "$dir"/var/lib/postgresql/15 "$dir"/etc/postgresql/15 \
                "$dir"/usr/share/{doc,man,locale} "$dir"/usr/lib/*/libLLVM-* "$dir"/usr/lib/postgresql/15/lib/{bitcode,llvmjit*}
            tar -C "$dir" -c . >"$archive.new"
            mv "$archive.new" "$archive"
            rm -rf --one-file-system "$dir"
            done_step
        fi
        docker import --change 'ENV PATH=/usr/lib/postgresql/15/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
            "$archive" "$SLOTYARD_DEBIAN_IMAGE" >"$CACHE/import.log" 2>&1 || die "docker import failed: $(tail -n 3 "$CACHE/import.log")"
    fi
    exec 8>&-
}

# gather_programs FOLDER debug|release: everything that Dockerfile.local takes, built already.
gather_programs() {
    local name
    mkdir -p "$1"
    for name in master-bot sandbox; do
        # What a debugger reads is most of a program, and nobody debugs in a container.
        strip --strip-debug -o "$1/$name" "$CARGO_TARGET_DIR/$2/$name"
    done
    cp "$CARGO_TARGET_DIR/$MUSL_TARGET/tenant/tenant-bot" "$1/"
    cp -L /etc/ssl/certs/ca-certificates.crt "$1/ca-certificates.crt"
    cp "$ROOT/Dockerfile.local" "$1/Dockerfile"
    export SLOTYARD_IMAGE_CONTEXT=$1
}
