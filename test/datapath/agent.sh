#!/bin/sh
# Turns itself into a node's Cilium agent, with network, mount and cgroup namespaces of its own.
# usage: agent.sh <network namespace> <cgroup> <folder of the node> <folder with Cilium's bpf sources> <cilium-agent>
set -eu
if [ "$1" != inside ]; then
  # The agent attaches its socket programs to what it takes for the root cgroup: without one of its own, to the machine's.
  echo $$ > "$2/cgroup.procs"
  netns=$1
  shift 2
  exec ip netns exec "$netns" unshare --mount --cgroup "$0" inside "$@"
fi
node=$2 sources=$3 agent=$4
mount -t bpf bpf /sys/fs/bpf
# Under these it makes its folders; the machine keeps its own.
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/lib
mkdir -p /run/cilium /var/lib/cilium/bpf
mount --bind "$node/run" /run/cilium
mount --bind "$sources" /var/lib/cilium/bpf
mkdir -p /run/cilium/cgroupv2
mount -t cgroup2 none /run/cilium/cgroupv2
exec "$agent" --config-dir="$node/config"
