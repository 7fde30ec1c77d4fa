/**
 * What runs in each Pod, in any POSIX shell with the tools that the image has: one line `ccb1 <what> <subject> <result>
 * <tool>` a measurement in the termination message, which needs no right to read logs. `$CLUSTER_NAME`, `$PUBLIC_NAMES`,
 * `$TARGETS` and `$NODES` are lists with blanks between; `$OUT` is for tests.
 */
export const SCRIPT = `out=\${OUT:-/dev/termination-log}
has() { command -v "$1" >/dev/null 2>&1; }
limit() { if has timeout; then timeout "$@"; else shift; "$@"; fi; }
say() { printf 'ccb1 %s %s %s %s\\n' "$1" "$2" "$3" "$by" >>"$out"; }
judge() { # what, subject, exit code
  if [ "$by" = none ]; then say "$1" "$2" unmeasured; elif [ "$3" -eq 0 ]; then say "$1" "$2" ok; else say "$1" "$2" failed; fi
}
dns() {
  if has getent; then by=getent; limit 6 getent hosts "$1" >/dev/null 2>&1
  elif has nslookup; then by=nslookup; limit 6 nslookup -type=a "$1" >/dev/null 2>&1
  else by=none; fi
}
# A connection to port $2 of $1; refused counts as reached where $3 says so.
tcp() {
  by=tcp
  if has bash; then said=$(limit 4 bash -c 'exec 3<>/dev/tcp/$0/$1' "$1" "$2" 2>&1)
  elif has nc; then said=$(limit 4 nc -z -w 3 "$1" "$2" 2>&1)
  elif has curl; then said=$(curl -skS -m 4 -o /dev/null "https://$1:$2/" 2>&1); code=$?; case $code in 35|52|56) return 0;; esac; (exit $code)
  else by=none; return 1; fi
  code=$?
  case $said in *efused*) [ "$3" = refused-too ] && return 0;; esac
  return $code
}
https() {
  if has curl; then
    by=curl
    curl -sk -m 6 -o /dev/null "https://$1/"
    case $? in 0|35|51|52|56|60) return 0;; esac # an answer, be it that without a name no page is served
    return 1
  fi
  tcp "$1" 443
}
reach() {
  if has ping && ping -c 1 -W 2 "$1" >/dev/null 2>&1; then by=ping; return 0; fi
  tcp "$1" 10250 refused-too # where ping is not allowed, or not answered: the kubelet's port, open or closed
}
by=none
say begin - ok
for name in $CLUSTER_NAME; do dns "$name"; judge cluster-dns "$name" $?; done
for name in $PUBLIC_NAMES; do dns "$name"; judge public-dns "$name" $?; done
for ip in $TARGETS; do https "$ip"; judge https "$ip" $?; done
for ip in $NODES; do reach "$ip"; judge node "$ip" $?; done
by=none
say end - ok
`;
