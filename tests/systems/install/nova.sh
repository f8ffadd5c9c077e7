#!/usr/bin/env bash
# OpenStack Nova with Placement, Glance and Neutron, of PyPI, in one virtual
# environment below the cache of the tests; RabbitMQ and MariaDB of Debian.
# Keystone has a script of its own.
set -euo pipefail
cache="${HANSA_TEST_CACHE:-$HOME/.cache/hansa-tests}"
folder="$cache/nova"
wanted="nova~=34.0 openstack-placement~=16.0 glance~=33.0 neutron~=29.0 PyMySQL gunicorn~=23.0"

failed() { printf '!!!! Nova can not be installed: it is NOT tested !!!!\n' >&2; exit 1; }
if ! command -v mariadbd >/dev/null || ! ls /usr/lib/rabbitmq/bin/rabbitmq-server >/dev/null 2>&1; then
  command -v apt-get >/dev/null && [ "$(id -u)" = 0 ] || failed
  # Tests start their own: RUNLEVEL=1 keeps Debian's services from being started.
  { RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends rabbitmq-server mariadb-server ||
    { apt-get update -qq && RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -yqq --no-install-recommends rabbitmq-server mariadb-server; }; } >/dev/null || failed
fi
[ "$(cat "$folder/installed" 2>/dev/null)" != "$wanted" ] || exit 0
mkdir -p "$cache"
python3 -m venv "$folder" || failed
# shellcheck disable=SC2086
"$folder/bin/pip" install -q --disable-pip-version-check $wanted || failed
printf '%s' "$wanted" >"$folder/installed"
