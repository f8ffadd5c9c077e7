#!/usr/bin/env bash
# Podman, whose socket speaks the Docker Engine's API too, and a static busybox
# of which the tests build their images: there is no registry to pull from. Of the
# package docker.io they use the command line, which speaks to that socket too.
set -euo pipefail

programs=(podman runc conmon iptables busybox docker)
missing() {
  for name in "${programs[@]}"; do command -v "$name" >/dev/null || return 0; done
  [ ! -x /usr/lib/podman/netavark ] || [ ! -x /usr/lib/podman/aardvark-dns ]
}

if missing; then
  export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
  packages=(podman runc conmon netavark aardvark-dns iptables busybox-static docker.io)
  { apt-get install -yqq --no-install-recommends "${packages[@]}" ||
    { apt-get update -qq && apt-get install -yqq --no-install-recommends "${packages[@]}"; }
  } >/dev/null 2>&1 || true
fi
if missing; then
  echo "!!!! Podman can't be installed: the docker connector is NOT tested against its socket !!!!"
  exit 1
fi
