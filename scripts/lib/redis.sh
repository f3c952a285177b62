# shellcheck shell=bash
# A private Redis: a socket in the run's folder, no TCP port, nothing on the disk.

start_redis() {
    local dir=$RUN/redis password
    password=$(secret)
    mkdir -p "$dir/socket"
    chmod 755 "$dir" "$dir/socket"
    # The password stands in a file that only we can read, and not on the command line.
    (
        umask 077
        cat >"$dir/redis.conf" <<-CONF
		port 0
		unixsocket $dir/socket/redis.sock
		unixsocketperm 777
		requirepass $password
		save ""
		appendonly no
		daemonize yes
		pidfile $dir/redis.pid
		logfile $dir/redis.log
		dir $dir
		CONF
    )
    env -u SLOTYARD_RUN_MARK setsid redis-server "$dir/redis.conf" >"$dir/redis.log" 2>&1 || true
    redis_answers() { REDISCLI_AUTH=$password redis-cli -s "$dir/socket/redis.sock" ping 2>/dev/null | grep -q PONG; }
    until_true 10 redis_answers || {
        tail -n 15 "$dir/redis.log" >&2
        die "Redis did not start (see above)."
    }
    export SLOTYARD_REDIS_URL="unix://$dir/socket/redis.sock?user=default&pass=$password"
    export SLOTYARD_REDIS_SOCKET_DIR=$dir/socket
}
