#!/usr/bin/env bash
# Kubernetes 1.20.2 for the tests: Debian's own source package, built once into
# ${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/kubernetes-1.20.2 (five programs,
# about 13 minutes of one processor), and Debian's etcd, containerd, runc, CNI
# plugins and iptables. What is there already is left as it is.
set -euo pipefail

version=1.20.2
cache=${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/kubernetes-$version
programs="kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy"
fail() { printf '!!!! Kubernetes can not be had: %s !!!!\n' "$*" >&2; exit 1; }

there() { for program in $programs; do [ -x "$cache/$program" ] || return 1; done; }
system() {
  for program in etcd containerd runc iptables ip conntrack curl setsid pkill; do command -v "$program" >/dev/null || return 1; done
  [ -x /usr/lib/cni/bridge ] && [ -x /bin/busybox ]
}
if there && system; then exit 0; fi
[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "installing it wants root and apt"

mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9 # two runs build once

apt=(apt-get -q -o DPkg::Lock::Timeout=600)
export DEBIAN_FRONTEND=noninteractive
if ! system; then
  "${apt[@]}" update >/dev/null || fail "apt-get update failed"
  # The services that Debian would start are not wanted: a test starts its own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy"
    trap 'rm -f "$policy"' EXIT
  fi
  "${apt[@]}" install -y --no-install-recommends etcd-server containerd runc containernetworking-plugins \
    iptables iproute2 conntrack util-linux procps busybox-static curl >/dev/null || fail "Debian's packages can't be installed"
fi
if there; then exit 0; fi

"${apt[@]}" install -y --no-install-recommends golang-1.19-go golang-github-modern-go-reflect2-dev \
  rsync dpkg-dev make gcc libc6-dev >/dev/null ||
  fail "the compiler can't be installed"

work=$(mktemp -d "${TMPDIR:-/tmp}/kubernetes-build.XXXXXX")
trap 'chmod -R u+w "$work" 2>/dev/null; rm -rf "$work"; [ -z "${policy:-}" ] || rm -f "$policy"' EXIT

# Where Debian's packages come from is where its sources are: asked in lists of
# our own, so that the machine's are left as they are.
mkdir -p "$work/parts" "$work/lists/partial" "$work/source"
for list in /etc/apt/sources.list.d/*.sources; do
  [ -e "$list" ] && sed 's/^Types:.*/Types: deb-src/' "$list" >"$work/parts/$(basename "$list")"
done
: >"$work/sources.list"
[ ! -e /etc/apt/sources.list ] || sed -n 's/^deb /deb-src /p' /etc/apt/sources.list >"$work/sources.list"
own=(-o "Dir::Etc::sourcelist=$work/sources.list" -o "Dir::Etc::sourceparts=$work/parts" -o "Dir::State::lists=$work/lists")
"${apt[@]}" "${own[@]}" update >/dev/null || fail "the list of Debian's sources can't be had"
(cd "$work/source" && "${apt[@]}" "${own[@]}" source --download-only -o APT::Sandbox::User=root kubernetes >/dev/null) ||
  fail "Debian's source package kubernetes can't be had"

go="$work/go"
mkdir -p "$go/src/k8s.io/kubernetes"
orig=$(find "$work/source" -name 'kubernetes_*.orig.tar.*' ! -name '*.asc' | head -n 1)
[ -n "$orig" ] || fail "the source package has no original archive"
tar -xf "$orig" -C "$go/src/k8s.io/kubernetes" --strip-components=1
rm -rf "$work/source"
# The reflect2 1.0.1 in that tree corrupts memory when it is built by Go 1.18 or
# newer (the API server panics at the first node); Debian's 1.0.2 doesn't.
reflect="$go/src/k8s.io/kubernetes/vendor/github.com/modern-go/reflect2"
rm -f "$reflect"/*.go "$reflect"/*.s
cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.go /usr/share/gocode/src/github.com/modern-go/reflect2/*.s "$reflect/"
rm -f "$reflect"/*_test.go

cd "$go/src/k8s.io/kubernetes"
what=
for program in $programs; do what="$what cmd/$program"; done
log="$cache/build.log"
PATH="/usr/lib/go-1.19/bin:$PATH" GOPATH="$go" GOCACHE="$work/cache" GO111MODULE=on CGO_ENABLED=0 \
  GOFLAGS=-mod=vendor GOPROXY=off KUBE_GIT_TREE_STATE=clean KUBE_GIT_VERSION=v$version KUBE_GIT_MAJOR=1 \
  KUBE_GIT_MINOR=20 KUBE_GIT_COMMIT=none KUBE_VERBOSE=1 \
  make GOLDFLAGS=-s\ -w WHAT="$what" >"$log" 2>&1 || fail "it does not build: $(tail -n 3 "$log" | tr '\n' ' ')"
for program in $programs; do
  found=$(find "$PWD/_output" -type f -name "$program" -perm -u+x | head -n 1)
  [ -n "$found" ] || fail "the build made no $program"
  install -m 0755 "$found" "$cache/.$program" && mv "$cache/.$program" "$cache/$program"
done
