#!/usr/bin/env bash
# The judge of cost exports: focus-validator of PyPI, in a virtual environment of its own below the cache of the
# tests. It wants Python 3.12 or later, under whatever name that is installed.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/focus"
# Later pyarrow wants another numpy than the validator does.
wanted="focus-validator==2.2.1 pyarrow<22"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! focus-validator can not be installed: %s; cost exports are NOT judged !!!!\n' "$*" >&2; exit 1; }
newest() {
  local one
  for one in python3.14 python3.13 python3.12 python3 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
    "$one" -c 'import sys; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && { printf '%s' "$one"; return; }
  done
  return 1
}
python=$(newest) || failed "there is no Python of 3.12 or later"
mkdir -p "$cache"
"$python" -m venv --clear "$folder" || failed "no virtual environment"
# shellcheck disable=SC2086
"$folder/bin/pip" install -q --disable-pip-version-check $wanted || failed "its packages can't be had"
printf '%s' "$wanted" >"$folder/installed"
