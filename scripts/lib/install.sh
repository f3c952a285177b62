# shellcheck shell=bash
# What must be on the machine. What is missing is installed from Debian's own packages; nothing that is there is changed.

PG_BIN=
MUSL_TARGET=$(uname -m)-unknown-linux-musl

# find_postgres: the 15 that we test with, else the newest one above it.
find_postgres() {
    local dir version best=0
    PG_BIN=
    for dir in /usr/lib/postgresql/*/bin; do
        version=${dir#/usr/lib/postgresql/}
        version=${version%%/*}
        [[ $version =~ ^[0-9]+$ ]] || continue
        [ -x "$dir/initdb" ] || continue
        [ -e "/usr/share/postgresql/$version/extension/btree_gist.control" ] || continue
        if ((version == 15)); then
            PG_BIN=$dir
            return 0
        fi
        if ((version > 15 && version > best)); then
            best=$version
            PG_BIN=$dir
        fi
    done
    [ -n "$PG_BIN" ]
}

have_redis() {
    local version
    version=$(redis-server --version 2>/dev/null | sed -n 's/.*v=\([0-9]*\).*/\1/p')
    [[ $version =~ ^[0-9]+$ ]] && ((version >= 7))
}

# missing_packages: one Debian package per line.
missing_packages() {
    if [ -z "$(answering_docker)" ]; then
        have dockerd || echo docker.io
        have iptables || echo iptables
    fi
    have docker || echo docker.io
    have_redis || echo redis-server
    find_postgres || echo postgresql-15
    { have gcc && [ -e /usr/include/stdlib.h ]; } || printf '%s\n' gcc libc6-dev
    # One test puts the clock of the running master forward and back.
    compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || echo faketime
    # One test brings everything up with Compose, on a Debian that it makes.
    if [ -n "${WITH_COMPOSE:-}" ]; then
        have docker-compose || echo docker-compose
        have debootstrap || echo debootstrap
        have strip || echo binutils
        have openssl || echo openssl
    fi
    [ -s /etc/ssl/certs/ca-certificates.crt ] || echo ca-certificates
}

apt_quiet() { DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=600 -o Dpkg::Options::=--force-confold "$@"; }

# install_packages PACKAGE…: no service of Debian's is started; ours are private instances.
install_packages() {
    local policy=/usr/sbin/policy-rc.d log=$CACHE/apt.log ok=yes wanted=() package
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\n# slotyard: while its packages are being installed\nexit 101\n' >$policy
        chmod 755 $policy
    fi
    # A machine whose lists were never fetched, or were long ago, knows none of the names.
    apt_quiet update >"$log" 2>&1 || say "         apt-get update failed, going on with the lists that are here"
    for package in "$@"; do
        if [ "$package" = postgresql-15 ] && ! apt-cache show postgresql-15 >/dev/null 2>&1; then
            package=postgresql
        fi
        wanted+=("$package")
    done
    apt_quiet install --no-install-recommends "${wanted[@]}" >>"$log" 2>&1 || ok=no
    # From Debian 13 on the client is a package of its own.
    if [ $ok = yes ] && ! have docker; then
        apt_quiet install --no-install-recommends docker-cli >>"$log" 2>&1 || ok=no
    fi
    if grep -q '^# slotyard' $policy 2>/dev/null; then rm -f $policy; fi
    [ $ok = yes ] || {
        tail -n 15 "$log" >&2
        die "apt-get could not install: ${wanted[*]}" "The whole log is in $log." \
            "Install these by hand (names are Debian's) and start this script again."
    }
}

# require_everything: leaves PG_BIN set and every program in place.
require_everything() {
    local packages
    [ "$(uname -s)" = Linux ] || die "This needs Linux: the tenant bots run in Linux containers."
    have cargo || die "cargo is not installed." "Install Rust with https://rustup.rs, then start this script again."
    mapfile -t packages < <(missing_packages | sort -u)
    if ((${#packages[@]})); then
        local hint="apt-get install ${packages[*]}"
        have apt-get || die "These are missing and there is no apt-get to install them: ${packages[*]}" \
            "Install what your system calls them (Postgres 15 or newer, Redis 7 or newer, Docker, gcc) and start this script again."
        is_root || die "These packages are missing: ${packages[*]}" "Start this script as root, or let root run: $hint"
        step "installing ${packages[*]} (under a minute)"
        exec 8>"$CACHE/install.lock"
        flock 8
        install_packages "${packages[@]}" 8>&-
        exec 8>&-
        hash -r
        done_step
        mapfile -t packages < <(missing_packages | sort -u)
        ((${#packages[@]} == 0)) || die "Still missing after the installation: ${packages[*]}" "See $CACHE/apt.log."
    fi
    find_postgres
    require_musl
}

# require_musl: the standard library for the static tenant.
require_musl() {
    local dir
    dir=$(cd "$ROOT" && rustc --print target-libdir --target "$MUSL_TARGET" 2>/dev/null) || dir=
    [ -n "$dir" ] && [ -d "$dir" ] && return
    have rustup || die "Rust's library for $MUSL_TARGET is missing, and there is no rustup to add it." \
        "Install Rust with https://rustup.rs, or the target with your system's packages."
    step "adding the Rust target $MUSL_TARGET"
    (cd "$ROOT" && rustup target add "$MUSL_TARGET" >&2) || die "rustup could not add $MUSL_TARGET." \
        "Check the network and run: rustup target add $MUSL_TARGET"
    done_step
}
