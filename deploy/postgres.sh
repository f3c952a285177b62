#!/bin/sh
# Postgres in its container: the official image, or any other with its programs in PATH and a user `postgres`. Whoever
# talks to it, talks through the socket, which the tenants' containers share. So the superuser is known by the system's
# user behind the socket, and has no password that could be tried; everybody else has one. The official image's own start
# would let everybody in who can reach the socket. Arguments go to the server.
set -eu

sockets=/run/slotyard/postgres
volume=/var/lib/postgresql/data
cluster=$volume/cluster

if [ "$(id -u)" = 0 ]; then
    for folder in $volume $sockets; do
        [ "$(stat -c %U "$folder")" = postgres ] || { chmod 755 "$folder" && chown postgres:postgres "$folder"; }
    done
    exec setpriv --reuid=postgres --regid=postgres --init-groups sh "$0" "$@"
fi

# Made beside and then renamed: one that was cut off is never taken for a whole one.
if [ ! -d $cluster ]; then
    echo "making a new cluster"
    rm -rf $volume/new
    initdb -D "$volume/new" --username=postgres --encoding=UTF8 --locale=C.UTF-8 --auth=reject >/dev/null
    mv $volume/new $cluster
fi

# Written at each start: who may come in is not left to what a volume happens to hold.
cat >$cluster/pg_hba.conf <<'HBA'
local all postgres peer map=superuser
local all all scram-sha-256
HBA
cat >$cluster/pg_ident.conf <<'IDENT'
superuser postgres postgres
superuser root postgres
IDENT

exec postgres -D $cluster -c listen_addresses= -c unix_socket_directories=$sockets -c timezone=UTC -c log_timezone=UTC \
    -c password_encryption=scram-sha-256 "$@"
