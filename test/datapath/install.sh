#!/bin/sh
# Installs from Debian what the datapath tests need beside root and Go. Does nothing where everything is there.
set -eu
missing=
need() { # file, package
  [ -x "$1" ] || missing="$missing $2"
}
for program in iptables:iptables ip:iproute2 nsenter:util-linux openssl:openssl; do
  need "$(command -v "${program%:*}" || true)" "${program#*:}"
done
# The agents call the clang of this folder, whatever else is installed.
need /usr/lib/llvm-19/bin/clang clang-19
need /usr/lib/llvm-19/bin/llvm-objcopy llvm-19
[ -n "$missing" ] || exit 0
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -qq --no-install-recommends $missing
