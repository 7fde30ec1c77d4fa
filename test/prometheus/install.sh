#!/bin/sh
# Installs from Debian what the tests of metrics, alerts and the dashboard need. Does nothing where promtool is there.
set -eu
[ -x "$(command -v promtool || true)" ] && [ -x "$(command -v prometheus || true)" ] && exit 0
echo "installing prometheus"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends prometheus
