# shellcheck shell=bash
# What every script needs first: strict mode, plain text, a clock, a way to speak and a way to give up.
# Everything said here goes to stderr; stdout belongs to the program that the script is about.

set -euo pipefail
export LC_ALL=C.UTF-8 LANG=C.UTF-8
umask 022

# shellcheck disable=SC2034
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
CACHE=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/slotyard
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$CACHE/target}
mkdir -p "$CACHE"

# rustup puts cargo where a login shell looks, and a script may be no login shell's child.
for dir in "${CARGO_HOME:-${HOME:-/root}/.cargo}/bin" /usr/sbin /sbin; do
    case ":$PATH:" in *":$dir:"*) ;; *) PATH=$PATH:$dir ;; esac
done
export PATH

STEP_STARTED=0

clock() { printf '%d:%02d' $(($1 / 60)) $(($1 % 60)); }

# say LINE…
say() { printf '%s\n' "$@" >&2; }

# step TEXT: names the work that begins now. Elapsed time of the whole script stands in front.
step() {
    STEP_STARTED=$SECONDS
    printf '→ %5s  %s …\n' "$(clock "$SECONDS")" "$*" >&2
}

# done_step: only work that took a while is worth a closing line.
done_step() {
    local took=$((SECONDS - STEP_STARTED))
    ((took < 5)) || printf '         done in %s\n' "$(clock "$took")" >&2
}

# die TEXT…: the first line says what is wrong, the next ones what to do.
die() {
    printf '\n✗ %s\n' "$1" >&2
    shift
    while (($#)); do
        printf '  %s\n' "$1" >&2
        shift
    done
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

is_root() { [ "$(id -u)" = 0 ]; }

# until_true SECONDS COMMAND…: waits for a condition, looking ten times a second.
until_true() {
    local tries=$(($1 * 10))
    shift
    while ! "$@"; do
        ((tries-- > 0)) || return 1
        sleep 0.1
    done
}

# attended COMMAND…: runs it so that a signal to this script is answered at once and not after the command's own end.
attended() {
    "$@" &
    wait "$!"
}

# secret: 32 random hexadecimal digits.
secret() { od -An -N16 -tx1 /dev/urandom | tr -d ' \n'; }
