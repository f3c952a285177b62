# shellcheck shell=bash
# A private Postgres: data and socket in the run's folder, no TCP port.

# as_postgres COMMAND…: the server refuses to run as root.
as_postgres() {
    if is_root; then
        setpriv --reuid=postgres --regid=postgres --init-groups env -u SLOTYARD_RUN_MARK HOME=/ "$@"
    else
        env -u SLOTYARD_RUN_MARK "$@"
    fi
}

start_postgres() {
    local dir=$RUN/pg
    mkdir -p "$dir/data" "$dir/socket"
    chmod 755 "$dir" "$dir/socket"
    chmod 700 "$dir/data"
    if is_root; then chown postgres:postgres "$dir" "$dir/data" "$dir/socket"; fi
    as_postgres "$PG_BIN/initdb" -D "$dir/data" -U postgres --encoding=UTF8 --locale=C.UTF-8 --auth=reject --no-sync \
        >"$RUN/initdb.log" 2>&1 || {
        tail -n 15 "$RUN/initdb.log" >&2
        die "initdb failed (see above)."
    }
    # The superuser is known by the system user behind the socket, so that a container, which shares the socket
    # but not the user, cannot be one. Everybody else has a password.
    cat >"$dir/data/pg_hba.conf" <<-HBA
	local all postgres peer map=superuser
	local all all scram-sha-256
	HBA
    {
        echo "superuser postgres postgres"
        echo "superuser $(id -un) postgres"
    } >"$dir/data/pg_ident.conf"
    cat >>"$dir/data/postgresql.conf" <<-CONF
	listen_addresses = ''
	unix_socket_directories = '$dir/socket'
	max_connections = 200
	shared_buffers = 128MB
	password_encryption = scram-sha-256
	log_timezone = UTC
	timezone = UTC
	CONF
    as_postgres setsid "$PG_BIN/pg_ctl" -D "$dir/data" -l "$dir/postgres.log" -w -t 60 start >"$RUN/pg_ctl.log" 2>&1 || {
        tail -n 15 "$RUN/pg_ctl.log" "$dir/postgres.log" >&2
        die "Postgres did not start (see above)."
    }
    export SLOTYARD_PG_ADMIN_URL="postgres://postgres@localhost/postgres?host=$dir/socket"
    export SLOTYARD_PG_SOCKET_DIR=$dir/socket
    export SLOTYARD_PG_BIN_DIR=$PG_BIN
}
