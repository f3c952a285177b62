# shellcheck shell=bash
# Docker: the daemon that answers on this machine, else a private one with everything in the run's folder.

docker_answers() { docker --host "$1" version >/dev/null 2>&1; }

# answering_docker: the address of a daemon that can be used, or nothing.
answering_docker() {
    local address
    have docker || return 0
    for address in "${DOCKER_HOST:-}" unix:///var/run/docker.sock; do
        # Containers mount folders of this machine, so the daemon must be of this machine, and be root.
        [[ $address == unix://* ]] || continue
        docker_answers "$address" || continue
        ! docker --host "$address" info --format '{{.SecurityOptions}}' 2>/dev/null | grep -q rootless || continue
        echo "$address"
        return
    done
}

start_docker() {
    local address
    address=$(answering_docker)
    if [ -n "$address" ]; then
        echo "shared $address" >"$RUN/docker.address"
    else
        is_root || die "No Docker daemon answers, and only root can start one." \
            "Start the daemon (and be in its group), set DOCKER_HOST=unix://…, or start this script as root."
        address=unix://$RUN/docker/docker.sock
        mkdir -p "$RUN/docker"
        chmod 711 "$RUN/docker"
        echo "private $address" >"$RUN/docker.address"
        launch_docker "$RUN" || {
            grep -v 'level=info' "$RUN/docker/docker.log" | tail -n 20 >&2
            die "The Docker daemon did not start (see above; the whole log was $RUN/docker/docker.log)." \
                "Inside a container this needs --privileged. With another daemon: DOCKER_HOST=unix:///path/of/its.sock"
        }
    fi
    export DOCKER_HOST=$address
}

# launch_docker DIR: starts DIR's private daemon, also one that died.
launch_docker() {
    local dir=$1/docker path=$PATH
    # Kernels differ in which of the two iptables they understand; the choice is made for this daemon alone.
    if ! iptables -w -t nat -L -n >/dev/null 2>&1 && have iptables-legacy && iptables-legacy -w -t nat -L -n >/dev/null 2>&1; then
        mkdir -p "$dir/bin"
        ln -sf "$(command -v iptables-legacy)" "$dir/bin/iptables"
        ln -sf "$(command -v ip6tables-legacy)" "$dir/bin/ip6tables"
        path=$dir/bin:$PATH
    fi
    rm -f "$dir/docker.pid"
    # Namespaces of its own, in case it finds the system's containerd instead of starting one.
    env -u SLOTYARD_RUN_MARK -u DOCKER_HOST PATH="$path" setsid dockerd --host "unix://$dir/docker.sock" --data-root "$dir/data" --exec-root "$dir/exec" \
        --pidfile "$dir/docker.pid" --bridge none --containerd-namespace "${1##*/}" --containerd-plugins-namespace "${1##*/}-plugins" \
        >>"$dir/docker.log" 2>&1 </dev/null &
    local pid=$!
    disown
    started() { docker_answers "unix://$dir/docker.sock" || ! kill -0 "$pid" 2>/dev/null; }
    until_true 60 started && docker_answers "unix://$dir/docker.sock"
}

# stop_docker DIR: the run's containers and networks, then the daemon if it is the run's own.
stop_docker() {
    local dir=$1 kind address instance
    read -r kind address 2>/dev/null <"$dir/docker.address" || return 0
    if [ "$kind" = shared ]; then
        while read -r instance; do
            remove_project "$address" "$instance"
        done < <(cat "$dir/projects" 2>/dev/null)
        while read -r instance; do
            remove_labelled "$address" "label=slotyard.instance=$instance"
        done <"$dir/instances"
        return
    fi
    [ -d "$dir/docker/data" ] || return 0
    # Only a daemon can take down its bridges and mounts; one that was killed is started again for it.
    docker_answers "$address" || launch_docker "$dir" || say "         its Docker daemon does not start any more"
    remove_labelled "$address" ""
    stop_daemon "$dir" "$dir/docker/docker.pid" TERM
}

# remove_project ADDRESS NAME: what Compose has made under that name, and the tenants that its fleet has made.
remove_project() {
    local instance
    # The fleet first, which would make its tenants again.
    remove_labelled "$1" "label=com.docker.compose.project=$2"
    while read -r instance; do
        remove_labelled "$1" "label=slotyard.instance=$instance"
    done < <(docker --host "$1" ps -a --filter "volume=$2_postgres_socket" --format '{{.Label "slotyard.instance"}}' 2>/dev/null | sort -u)
    docker --host "$1" volume ls -q --filter "label=com.docker.compose.project=$2" 2>/dev/null |
        xargs -r docker --host "$1" volume rm -f >/dev/null 2>&1 || true
    docker --host "$1" images --filter "reference=$2-*" --format '{{.Repository}}:{{.Tag}}' 2>/dev/null |
        xargs -r docker --host "$1" rmi >/dev/null 2>&1 || true
}

# remove_labelled ADDRESS FILTER: by force; an empty filter means all that is there.
remove_labelled() {
    local filter=() ids
    [ -z "$2" ] || filter=(--filter "$2")
    mapfile -t ids < <(docker --host "$1" ps -aq "${filter[@]}" 2>/dev/null)
    ((${#ids[@]} == 0)) || docker --host "$1" rm -fv "${ids[@]}" >/dev/null 2>&1 || true
    mapfile -t ids < <(docker --host "$1" network ls -q --filter type=custom "${filter[@]}" 2>/dev/null)
    ((${#ids[@]} == 0)) || docker --host "$1" network rm "${ids[@]}" >/dev/null 2>&1 || true
}
