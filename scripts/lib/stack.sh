# shellcheck shell=bash
# The whole set-up that test, demo, bench and dev share.

LIB=$(dirname "${BASH_SOURCE[0]}")
# shellcheck source=lib/common.sh
. "$LIB/common.sh"
# shellcheck source=lib/install.sh
. "$LIB/install.sh"
# shellcheck source=lib/run.sh
. "$LIB/run.sh"
# shellcheck source=lib/postgres.sh
. "$LIB/postgres.sh"
# shellcheck source=lib/redis.sh
. "$LIB/redis.sh"
# shellcheck source=lib/docker.sh
. "$LIB/docker.sh"
# shellcheck source=lib/build.sh
. "$LIB/build.sh"
# shellcheck source=lib/images.sh
. "$LIB/images.sh"

# The names that play::env reads.
STACK_NAMES=(SLOTYARD_RUN_DIR SLOTYARD_PG_ADMIN_URL SLOTYARD_PG_SOCKET_DIR SLOTYARD_PG_BIN_DIR SLOTYARD_REDIS_URL
    SLOTYARD_REDIS_SOCKET_DIR SLOTYARD_TENANT_IMAGE SLOTYARD_PROBE_IMAGE SLOTYARD_BIN_DIR
    SLOTYARD_DEBIAN_IMAGE SLOTYARD_IMAGE_CONTEXT DOCKER_HOST)

# start_stack KIND: installs what is missing, cleans up after the dead, starts Postgres, Redis and Docker.
start_stack() {
    require_everything
    clean_dead_runs
    new_run "$1"
    step "starting Postgres, Redis and Docker"
    start_postgres
    start_redis
    start_docker
    done_step
}

# write_env: the run's environment as lines for eval, with the passwords, so for our eyes only.
write_env() {
    local name
    (
        umask 077
        for name in "${STACK_NAMES[@]}" CARGO_TARGET_DIR; do
            [ -z "${!name:-}" ] || printf 'export %s=%q\n' "$name" "${!name}"
        done >"$RUN/env.new"
    )
    mv "$RUN/env.new" "$RUN/env"
}
