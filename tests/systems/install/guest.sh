#!/usr/bin/env bash
# A guest that virtual machines of the tests start from: Debian with systemd and
# cloud-init, as a bootable disk in
# ${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/guest/guest.qcow2. It is made of
# packages by name, and nothing is mounted.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
PATH="$PATH:/usr/sbin:/sbin"
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/guest"
log="${TMPDIR:-/tmp}/hansa-guest-install.log"
fail() { printf '!!!! a guest can not be made: %s (%s) !!!!\n' "$*" "$log" >&2; exit 1; }
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9
[ ! -s "$cache/guest.qcow2" ] || exit 0
[ "$(id -u)" = 0 ] || fail "it needs root"

tools=(debootstrap mcopy syslinux mkfs.vfat mke2fs sfdisk qemu-img)
missing() { for name in "${tools[@]}"; do command -v "$name" >/dev/null || return 0; done; return 1; }
if missing; then
  { apt-get update -qq || true
    apt-get install -yqq --no-install-recommends debootstrap mtools syslinux syslinux-common dosfstools e2fsprogs fdisk
  } >"$log" 2>&1 || true
fi
! missing || fail "one of ${tools[*]} is missing"

work=$(mktemp -d "$cache/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
root="$work/root"
# The mirror of this machine itself.
mirror=$(awk '/^URIs:/ { print $2; exit }' /etc/apt/sources.list.d/debian.sources 2>/dev/null || true)
wanted=linux-image-cloud-amd64,systemd-sysv,cloud-init,curl,ca-certificates,dbus,udev,iproute2,isc-dhcp-client,ifupdown,netbase
# It leaves packages that need one of several others to apt.
debootstrap --variant=minbase --include="$wanted" bookworm "$root" ${mirror:+"$mirror"} >>"$log" 2>&1 || true
chroot "$root" apt-get install -yqf --no-install-recommends >>"$log" 2>&1 || fail "its packages can't be set up"
chroot "$root" dpkg -s cloud-init systemd-sysv >>"$log" 2>&1 || fail "it has no cloud-init"
rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/*
printf 'datasource_list: [ NoCloud, None ]\n' >"$root/etc/cloud/cloud.cfg.d/90_tests.cfg"
printf 'auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n' >"$root/etc/network/interfaces"
printf 'LABEL=root / ext4 defaults 0 1\n' >"$root/etc/fstab"

truncate -s 128M "$work/boot.img"
mkfs.vfat -n BOOT "$work/boot.img" >>"$log"
mcopy -i "$work/boot.img" "$root"/boot/vmlinuz-* ::vmlinuz
mcopy -i "$work/boot.img" "$root"/boot/initrd.img-* ::initrd
cat >"$work/syslinux.cfg" <<'EOF'
DEFAULT linux
TIMEOUT 1
LABEL linux
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND root=LABEL=root ro console=ttyS0 quiet
EOF
mcopy -i "$work/boot.img" "$work/syslinux.cfg" ::syslinux.cfg
syslinux --install "$work/boot.img"
truncate -s 3G "$work/root.img"
mke2fs -q -t ext4 -L root -d "$root" "$work/root.img"
truncate -s 1M "$work/disk.img"
cat "$work/boot.img" "$work/root.img" >>"$work/disk.img"
printf 'label: dos\nstart=1MiB, size=128MiB, type=c, bootable\nstart=129MiB, type=83\n' | sfdisk -q "$work/disk.img" >>"$log" 2>&1
dd if=/usr/lib/syslinux/mbr/mbr.bin of="$work/disk.img" conv=notrunc bs=440 count=1 status=none
qemu-img convert -O qcow2 "$work/disk.img" "$work/guest.qcow2"
mv "$work/guest.qcow2" "$cache/guest.qcow2"
