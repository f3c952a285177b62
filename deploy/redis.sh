#!/bin/sh
# Redis in its container: the official image, or any other with redis-server and a user `redis`. It has no port; the
# tenants' containers share its socket, so its default user is off. Tenants' users are made by the fleet, and made again
# whenever Redis has forgotten them.
set -eu

conf=/tmp/redis.conf

if [ "$(id -u)" = 0 ]; then
    for folder in /data /run/slotyard/redis; do
        [ "$(stat -c %U "$folder")" = redis ] || { chmod 755 "$folder" && chown redis:redis "$folder"; }
    done
    # A file that this user alone may read, such as Docker's secrets, is read while we are this user.
    [ -z "${REDIS_PASSWORD_FILE:-}" ] || REDIS_PASSWORD=$(cat "$REDIS_PASSWORD_FILE")
    export REDIS_PASSWORD
    exec setpriv --reuid=redis --regid=redis --init-groups sh "$0" "$@"
fi

umask 077
hash=$(printf %s "${REDIS_PASSWORD:?}" | sha256sum | cut -d ' ' -f 1)
unset REDIS_PASSWORD
cat >$conf <<CONF
port 0
unixsocket /run/slotyard/redis/redis.sock
unixsocketperm 777
user default reset
user slotyard reset on #$hash ~* &* +@all
dir /data
save 300 1
# Redis knows no quota for a user: together they stay below this, and one value below that.
maxmemory 512mb
maxmemory-policy noeviction
proto-max-bulk-len 1mb
CONF
exec redis-server $conf "$@"
