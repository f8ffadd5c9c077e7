#!/usr/bin/env bash
# The Docker Engine for the tests of the `docker` connector, and a static
# busybox of which they build their images: there is no registry to pull from.
set -euo pipefail

programs=(dockerd containerd runc docker iptables busybox)
missing() { for name in "${programs[@]}"; do command -v "$name" >/dev/null || return 0; done; return 1; }

if missing; then
  # Nothing is to run but what a test starts: the package's own service stays down.
  export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
  { apt-get install -yqq --no-install-recommends docker.io iptables busybox-static ||
    { apt-get update -qq && apt-get install -yqq --no-install-recommends docker.io iptables busybox-static; }
  } >/dev/null 2>&1 || true
fi
if missing; then
  echo "!!!! the Docker Engine can't be installed: the docker connector is NOT tested against it !!!!"
  exit 1
fi
