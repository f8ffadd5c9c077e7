#!/bin/sh
# Makes an authority and a certificate for the names of docker-compose.yml, once.
set -eu
cd /certificates
if [ ! -f server.crt ]; then
  step certificate create "Hansa on this machine" ca.crt ca.key --profile root-ca --no-password --insecure
  step certificate create north.hansa.test server.crt server.key --profile leaf --ca ca.crt --ca-key ca.key \
    --san north.hansa.test --san south.hansa.test --san login.hansa.test \
    --not-after 8760h --no-password --insecure --bundle
fi
# Everybody reads the certificates; the keys are the proxy's alone, which is root in its container.
chmod 644 ca.crt server.crt
chmod 600 ca.key server.key
