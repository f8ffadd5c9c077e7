#!/usr/bin/env bash
# A service that speaks the EC2 dialect: moto of PyPI, in a virtual environment of its own below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/moto"
wanted="moto[ec2,server]~=5.1"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! moto can not be installed: the ec2 connector is NOT tested !!!!\n' >&2; exit 1; }
mkdir -p "$cache"
python3 -m venv "$folder" || failed
"$folder/bin/pip" install -q --disable-pip-version-check "$wanted" || failed
printf '%s' "$wanted" >"$folder/installed"
