#!/usr/bin/env bash
# Recorded carbon intensity and prices, hour by hour: the data in CityLearn of PyPI (MIT), below the cache of the tests.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/citylearn"
# Later versions fetch their data instead of carrying it.
wanted="citylearn==1.4.0"
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0

failed() { printf '!!!! CityLearn can not be had: %s; shifting is NOT replayed over recorded series !!!!\n' "$*" >&2; exit 1; }
mkdir -p "$folder"
python3 -m pip download -q --disable-pip-version-check --no-deps --dest "$folder" "$wanted" || failed "pip can't download it"
python3 - "$folder" <<'END' || failed "its data isn't where it was"
import pathlib, sys, zipfile
folder = pathlib.Path(sys.argv[1])
with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
    for name, path in {
        "texas.csv": "citylearn_challenge_2021/carbon_intensity.csv",
        "california.csv": "citylearn_challenge_2022_phase_1/carbon_intensity.csv",
        "california-prices.csv": "citylearn_challenge_2022_phase_1/pricing.csv",
    }.items():
        (folder / name).write_bytes(wheel.read("citylearn/data/" + path))
END
rm -f "$folder"/*.whl
printf '%s' "$wanted" >"$folder/installed"
