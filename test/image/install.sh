#!/bin/sh
# Installs from Debian what the tests of the image need beside root and Go. Does nothing where everything is there.
set -eu
missing=
for program in crun:crun strace:strace unshare:util-linux; do
  [ -x "$(command -v "${program%:*}" || true)" ] || missing="$missing ${program#*:}"
done
[ -n "$missing" ] || exit 0
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -qq --no-install-recommends $missing
