# shellcheck shell=bash
# A run is one folder, /tmp/slotyard-XXXXXX, with all that a script has started: sockets, data, logs, pid files.
# The path is short because a socket's may have 107 bytes; others may pass through it because Postgres and the
# containers are other users. A run belongs to a living process (`owner`: pid and start time) or is kept (`kept`).
# What a killed script left is known by a folder whose owner is gone, and is cleaned at the next start, it alone:
#   programs    by SLOTYARD_RUN_MARK=<folder> in their environment (daemons are started without it)
#   daemons     by the pid files of the folder, checked against the command line
#   containers  by the labels of the instances listed in the folder (in a private Docker: all of them)

RUN=

# start_time PID: in clock ticks since boot; nothing for a process that is gone or only waits to be buried.
start_time() {
    local fields
    read -ra fields < <(sed 's/.*) //' "/proc/$1/stat" 2>/dev/null) || return 0
    [ "${fields[0]}" = Z ] || echo "${fields[19]}"
}

# new_run KIND: makes the folder and binds its end to the end of this script.
new_run() {
    RUN=$(mktemp -d /tmp/slotyard-XXXXXX)
    chmod 711 "$RUN"
    echo "$$ $(start_time $$)" >"$RUN/owner"
    echo "$1" >"$RUN/kind"
    echo "$ROOT" >"$RUN/checkout"
    : >"$RUN/instances"
    export SLOTYARD_RUN_DIR=$RUN SLOTYARD_RUN_MARK=$RUN
    trap 'finish $?' EXIT
    trap 'finish 130' INT
    trap 'finish 143' TERM HUP
}

finish() {
    local code=$1
    trap '' INT TERM HUP
    trap - EXIT
    if [ -n "$RUN" ] && [ -d "$RUN" ] && [ ! -e "$RUN/kept" ]; then
        ((code < 128)) || say "" "stopping what was started …"
        clean_run "$RUN" || true
    fi
    exit "$code"
}

# keep_run: from here on the folder outlives the script, until somebody stops it.
keep_run() { : >"$RUN/kept"; }

is_alive() {
    local pid started
    if [ -e "$1/kept" ]; then
        pid=$(head -n 1 "$1/pg/data/postmaster.pid" 2>/dev/null) && runs "$pid" "$1"
        return
    fi
    # Between mktemp and the owner's file there is a moment.
    if [ ! -e "$1/owner" ]; then
        [ -z "$(find "$1" -maxdepth 0 -mmin +1 2>/dev/null)" ]
        return
    fi
    read -r pid started <"$1/owner"
    [ "$(start_time "$pid")" = "$started" ]
}

# runs PID TEXT: that process exists and its command line speaks of TEXT.
runs() { [ -n "$1" ] && tr '\0' ' ' 2>/dev/null <"/proc/$1/cmdline" | grep -qF -- "$2"; }

# runs_of KIND: the folders of this checkout and this user that are alive.
runs_of() {
    local dir
    for dir in /tmp/slotyard-*; do
        [ -O "$dir" ] || continue
        [ "$(cat "$dir/kind" 2>/dev/null)" = "$1" ] || continue
        [ "$(cat "$dir/checkout" 2>/dev/null)" = "$ROOT" ] || continue
        ! is_alive "$dir" || echo "$dir"
    done
}

# clean_dead_runs: what killed scripts left.
clean_dead_runs() {
    local dir
    exec 8>"$CACHE/clean.lock"
    flock 8
    for dir in /tmp/slotyard-*; do
        [ -O "$dir" ] || continue
        ! is_alive "$dir" || continue
        step "cleaning up after a run that was killed ($dir)"
        clean_run "$dir" 8>&- || say "         something of it could not be removed"
    done
    exec 8>&-
}

# clean_run DIR: ends the run's programs, then its daemons, then the folder.
clean_run() {
    local dir=$1 mount
    end_programs "$dir"
    stop_docker "$dir"
    stop_daemon "$dir" "$dir/redis/redis.pid" TERM
    stop_daemon "$dir" "$dir/pg/data/postmaster.pid" INT
    while read -r mount; do
        umount -l "$mount" 2>/dev/null || true
    done < <(cut -d' ' -f5 /proc/self/mountinfo | grep "^$dir/" | sort -r)
    rm -rf --one-file-system "$dir"
}

# programs_of DIR: pids whose environment carries the run's mark.
programs_of() {
    local file pid
    for file in /proc/[0-9]*/environ; do
        pid=${file#/proc/}
        pid=${pid%/environ}
        ! grep -qzxF "SLOTYARD_RUN_MARK=$1" "$file" 2>/dev/null || echo "$pid"
    done
}

end_programs() {
    local pids
    mapfile -t pids < <(programs_of "$1")
    ((${#pids[@]})) || return 0
    kill -TERM "${pids[@]}" 2>/dev/null || true
    no_programs() { [ -z "$(programs_of "$1")" ]; }
    until_true 12 no_programs "$1" && return
    mapfile -t pids < <(programs_of "$1")
    kill -KILL "${pids[@]}" 2>/dev/null || true
    until_true 5 no_programs "$1" || true
}

# stop_daemon DIR PIDFILE SIGNAL: asks, waits, and only then insists.
stop_daemon() {
    local dir=$1 pid
    pid=$(head -n 1 "$2" 2>/dev/null) || return 0
    runs "$pid" "$dir" || return 0
    kill "-$3" "$pid" 2>/dev/null || return 0
    gone() { ! runs "$1" "$2"; }
    until_true 20 gone "$pid" "$dir" || kill -KILL "$pid" 2>/dev/null || true
}
