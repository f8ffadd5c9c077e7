#!/usr/bin/env bash
# Prometheus, and nginx that stands before it and asks for a token: the programs
# of Debian's packages below ${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/prometheus.
# Unpacked and not installed, so that neither is ever started as a service.
set -euo pipefail
folder="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/prometheus"
packages=(prometheus nginx)

fail() { printf '!!!! Prometheus can not be had: %s; PromQL is NOT compared with it !!!!\n' "$*" >&2; exit 1; }
mkdir -p "$folder"
exec 9>"$folder/.lock"
flock 9
[ "$(cat "$folder/installed" 2>/dev/null)" != "${packages[*]}" ] || exit 0

work=$(mktemp -d "$folder/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
# Whoever downloads for apt is another user.
chmod 755 "$work" && chown _apt "$work" 2>/dev/null || true
cd "$work"
apt-get download -q "${packages[@]}" >/dev/null 2>&1 ||
  { apt-get update -qq && apt-get download -q "${packages[@]}"; } >/dev/null 2>&1 || fail "its package can't be downloaded"
for package in "$work"/*.deb; do dpkg-deb -x "$package" "$work/tree"; done
mkdir -p "$folder/bin"
cp "$work/tree/usr/bin/prometheus" "$work/tree/usr/sbin/nginx" "$folder/bin/"
"$folder/bin/prometheus" --version >/dev/null 2>&1 || fail "its program doesn't run here"
"$folder/bin/nginx" -v >/dev/null 2>&1 || fail "nginx doesn't run here"
printf '%s' "${packages[*]}" >"$folder/installed"
