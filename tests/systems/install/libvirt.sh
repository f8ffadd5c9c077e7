#!/usr/bin/env bash
# libvirt with QEMU for the tests of the `libvirt` connector. QEMU is of
# Debian's backports where qemu-utils is: the plain one would remove that.
set -euo pipefail
export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive

programs=(libvirtd virtlogd virsh tini qemu-img qemu-system-x86_64 dnsmasq xorriso cpio)
missing() { for name in "${programs[@]}"; do PATH="$PATH:/usr/sbin" command -v "$name" >/dev/null || return 0; done; return 1; }
missing || exit 0

suite=()
if dpkg-query -W -f '${Version}' qemu-utils 2>/dev/null | grep -q bpo; then
  source=/etc/apt/sources.list.d/debian.sources
  backports=/etc/apt/sources.list.d/hansa-backports.sources
  if [ ! -e "$backports" ] && [ -e "$source" ]; then
    # The same mirror as for the rest; its first paragraph is the main archive.
    awk 'BEGIN { RS = "" } NR == 1' "$source" | sed 's/^Suites:.*/Suites: bookworm-backports/' >"$backports"
  fi
  suite=(-t bookworm-backports)
fi
{
  apt-get update -qq || true
  apt-get install -yqq --no-install-recommends "${suite[@]}" qemu-system-x86 qemu-utils &&
    apt-get install -yqq --no-install-recommends \
      libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients tini dnsmasq-base xorriso cpio iptables
} >"${TMPDIR:-/tmp}/hansa-libvirt-install.log" 2>&1 || true
if missing; then
  echo "!!!! libvirt with QEMU can't be installed: the libvirt connector is NOT tested !!!!" >&2
  exit 1
fi
