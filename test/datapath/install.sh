#!/bin/sh
# Installs from Debian what the datapath tests need beside root and Go. Does nothing where everything is there.
set -eu
missing=
need() { # program, package
  command -v "$1" >/dev/null 2>&1 || [ -x "/usr/lib/llvm-19/bin/$1" ] || missing="$missing $2"
}
need clang clang-19
need llvm-objcopy llvm-19
need iptables iptables
need ip iproute2
need nsenter util-linux
need curl curl
# A clang of another version in the PATH is not the one that the agents call.
[ -x /usr/lib/llvm-19/bin/clang ] || missing="$missing clang-19"
[ -x /usr/lib/llvm-19/bin/llvm-objcopy ] || missing="$missing llvm-19"
[ -n "$missing" ] || exit 0
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086 # a list of packages
apt-get install -y -qq --no-install-recommends $missing
