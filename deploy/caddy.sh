#!/bin/sh
# Caddy in its container. Without an address it would serve nobody and not say why.
set -eu

case ${PUBLIC_URL:-} in
https://*) ;;
'')
    echo "PUBLIC_URL is missing: the profile tls serves it, https://your.domain" >&2
    exit 1
    ;;
*)
    echo "PUBLIC_URL must begin with https://, not $PUBLIC_URL" >&2
    exit 1
    ;;
esac
# An address of Caddy's has no path.
PUBLIC_URL=${PUBLIC_URL%/}
export PUBLIC_URL
exec caddy run --config /slotyard/Caddyfile --adapter caddyfile
