#!/usr/bin/env bash
# The parser of TOSCA that MiCADO relies on, in a virtual environment of its own below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/tosca"
wanted="tosca-parser==2.9.1 setuptools<81"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! tosca-parser can not be installed: the reader of TOSCA is NOT compared with it !!!!\n' >&2; exit 1; }
mkdir -p "$cache"
python3 -m venv "$folder" || failed
# shellcheck disable=SC2086
"$folder/bin/pip" install -q --disable-pip-version-check $wanted || failed
printf '%s' "$wanted" >"$folder/installed"
