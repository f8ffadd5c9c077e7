#!/usr/bin/env bash
# OpenStack Ironic, of PyPI, in a virtual environment of its own below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/ironic"
wanted="ironic~=39.0"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! Ironic can not be installed: it is NOT tested !!!!\n' >&2; exit 1; }
mkdir -p "$cache"
python3 -m venv "$folder" || failed
# shellcheck disable=SC2086
"$folder/bin/pip" install -q --disable-pip-version-check $wanted || failed
printf '%s' "$wanted" >"$folder/installed"
