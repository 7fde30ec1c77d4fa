#!/bin/sh
# Installs from Debian what the tests of doctor's page need beside root. Does nothing where Chromium is there.
set -eu
[ -x "$(command -v chromium || true)" ] && exit 0
echo "installing chromium"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends chromium
