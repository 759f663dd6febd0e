#!/usr/bin/env bash
# tools/bench.sh: Doris against nutcracker in front of two redis-servers, on this machine.
#
#   tools/bench.sh [--seconds 4] [--rounds 3] [--preload 1000000] [--size 100]
#                  [--clients 50] [--dir DIR] [--port 17600] [--conf KEY=VALUE]...
#
# The same redis-benchmark work for both, alternating, in one run: SET and GET of 100 B
# values over a million keys, 50 connections, 1, 16 and 64 commands in flight on each.
#
#   Doris        router, one data server per group, admin: two copies, appendfsync everysec
#   nutcracker   over two redis-servers, appendonly yes, appendfsync everysec: one copy
#
# Prints, per row, the medians of all rounds: operations a second, p50 and p99 latency in
# ms as the client saw them, and the CPU time of all server processes per operation; then
# Doris's figures divided by nutcracker's. On a machine whose cores the load generator
# shares, the CPU time tells more than the operations per second.
#
# Each measurement is calibrated to take about --seconds, and begins when the machine is
# idle. Both systems begin with --preload random SETs, so that GET finds keys (0: it finds
# those that the SETs before it wrote). Data is kept below DIR (a new directory in $TMPDIR
# or /tmp by default) and removed; DIR should be on a disk. Uses the ports PORT .. PORT + 99
# of 127.0.0.1. --conf goes to Doris.

set -euo pipefail

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${DORIS_BUILD:-$source_dir/build}
# shellcheck source-path=SCRIPTDIR source=packages.sh
. "$source_dir/tools/packages.sh"

seconds=4
rounds=3
preload=1000000
size=100
clients=50
port=17600
parent=${TMPDIR:-/tmp}
conf=()
readonly keys=1000000
readonly pipelines=(1 16 64)

while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help)
      sed -n '2,/^[^#]*$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
      exit 0
      ;;
    --seconds | --rounds | --preload | --size | --clients | --port)
      if [[ ! ${2-} =~ ^[0-9]{1,8}$ ]]; then
        echo "error: $1 takes a number" >&2
        exit 2
      fi
      printf -v "${1#--}" '%d' "$((10#$2))"
      ;;
    --dir) parent=${2:?--dir needs a directory} ;;
    --conf) conf+=(--conf "${2:?--conf takes KEY=VALUE}") ;;
    *)
      echo "error: unknown option $1 (see tools/bench.sh --help)" >&2
      exit 2
      ;;
  esac
  shift 2 || exit 2
done

if [[ ! -d $parent || ! -w $parent ]]; then
  echo "error: $parent is no directory that can be written to; make it, or name another with --dir" >&2
  exit 2
fi

readonly nutcracker_port=$((port + 90))
readonly redis_ports=($((port + 91)) $((port + 92)))
declare -A port_of=([doris]=$port [nutcracker]=$nutcracker_port)
declare -A pids_of=([doris]='' [nutcracker]='')
declare -A operations=() # How many make one measurement, by "system operation pipeline".

fail() {
  echo "error: $*" >&2
  exit 1
}

# --- the two systems -----------------------------------------------------------------

clean_up() {
  local pid
  DORIS_BUILD=$build_dir "$source_dir/tools/local_cluster.sh" stop --dir "$work/doris" 2>/dev/null || true
  for pid in ${pids_of[nutcracker]}; do kill "$pid" 2>/dev/null || true; done
  wait
  rm -rf "$work"
}

start_doris() {
  DORIS_BUILD=$build_dir "$source_dir/tools/local_cluster.sh" start --dir "$work/doris" \
    --port "$port" --conf appendfsync=everysec --conf cache-size=512mb "${conf[@]}"
  pids_of[doris]=$(cat "$work"/doris/*.pid | tr '\n' ' ')
}

start_nutcracker() {
  local each
  for each in "${redis_ports[@]}"; do
    mkdir -p "$work/redis-$each"
    redis-server --port "$each" --bind 127.0.0.1 --dir "$work/redis-$each" --appendonly yes \
      --appendfsync everysec --save '' --daemonize no >"$work/redis-$each/log" 2>&1 </dev/null &
    pids_of[nutcracker]+="$! "
  done
  cat >"$work/nutcracker.yml" <<END
bench:
  listen: 127.0.0.1:$nutcracker_port
  hash: fnv1a_64
  distribution: ketama
  redis: true
  auto_eject_hosts: false
  servers:
   - 127.0.0.1:${redis_ports[0]}:1
   - 127.0.0.1:${redis_ports[1]}:1
END
  nutcracker --conf-file="$work/nutcracker.yml" --output="$work/nutcracker.log" \
    --stats-addr=127.0.0.1 --stats-port=$((port + 93)) --verbose=3 </dev/null &
  pids_of[nutcracker]+="$! "
}

await_nutcracker() {
  local deadline=$((SECONDS + 10))
  until [[ $(timeout 2 redis-cli -p "$nutcracker_port" set bench:ready 1 2>/dev/null) == OK ]]; do
    ((SECONDS <= deadline)) || fail "nutcracker and its redis-servers do not start"
    sleep 0.1
  done
}

# --- measuring -----------------------------------------------------------------------

# CPU time, in clock ticks, that the processes of a system have used.
cpu_ticks() {
  local pid total=0 line fields
  for pid in ${pids_of[$1]}; do
    line=$(<"/proc/$pid/stat") || fail "a process of $1 has ended"
    read -ra fields <<<"${line##*) }" # From the state on, the third field, since names have spaces.
    total=$((total + fields[11] + fields[12]))
  done
  echo "$total"
}

# load SYSTEM set|get PIPELINE COUNT: prints "ops/s p50 p99".
load() {
  timeout 300 redis-benchmark -h 127.0.0.1 -p "${port_of[$1]}" -t "$2" -P "$3" -n "$4" \
    -c "$clients" -d "$size" -r "$keys" --csv 2>/dev/null </dev/null |
    awk -F '","|"' '$2 == "SET" || $2 == "GET" {print $3, $6, $8; found = 1} END {exit !found}' ||
    fail "redis-benchmark of $1 ($2, $3 in flight) gave no figures"
}

calibrate() {
  local system operation pipeline rate
  for system in doris nutcracker; do
    for operation in set get; do
      for pipeline in "${pipelines[@]}"; do
        read -r rate _ < <(load "$system" "$operation" "$pipeline" $((20000 + 2000 * pipeline)))
        operations["$system $operation $pipeline"]=$((${rate%.*} * seconds + 1000))
      done
    done
  done
}

# What the writes before have left to do, a checkpoint or the rewriting of an append-only file, is
# not to fall into the next measurement, which may be the other system's: waits until the machine
# has been idle for half a second, but not longer than half a minute.
await_quiet() {
  local deadline=$((SECONDS + 30)) before after
  while ((SECONDS < deadline)); do
    before=$(idle_ticks)
    sleep 0.5
    after=$(idle_ticks)
    ((after - before >= $(nproc) * $(getconf CLK_TCK) * 45 / 100)) && return
  done
  echo "The machine is not idle between measurements" >&2
}

# Of all cores, since it started.
idle_ticks() {
  awk '$1 == "cpu" {print $5 + $6}' /proc/stat
}

# measure SYSTEM OPERATION PIPELINE: adds a line to $work/results.
measure() {
  local count=${operations["$*"]} before after figures
  await_quiet
  before=$(cpu_ticks "$1")
  figures=$(load "$1" "$2" "$3" "$count")
  after=$(cpu_ticks "$1")
  awk -v ticks=$((after - before)) -v hz="$(getconf CLK_TCK)" -v count="$count" \
    -v what="$*" -v figures="$figures" \
    'BEGIN {print what, figures, ticks / hz * 1e6 / count}' >>"$work/results"
}

run_rounds() {
  local round operation pipeline
  for ((round = 1; round <= rounds; round++)); do
    echo "Round $round of $rounds" >&2
    for operation in set get; do
      for pipeline in "${pipelines[@]}"; do
        measure doris "$operation" "$pipeline"
        measure nutcracker "$operation" "$pipeline"
      done
    done
  done
}

# --- the table -----------------------------------------------------------------------

report() {
  echo "$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -n 1), $(nproc) cores shared with" \
    "the load; Linux $(uname -r); values of $size B, $clients clients, $keys keys;" \
    "medians of $rounds rounds of about $seconds s."
  echo
  awk '
    function median(list,   n, a, i, j, t) {
      n = split(list, a, " ")
      for (i = 2; i <= n; i++)
        for (j = i; j > 1 && a[j] + 0 < a[j - 1] + 0; j--) { t = a[j]; a[j] = a[j - 1]; a[j - 1] = t }
      return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2
    }
    { for (i = 4; i <= 7; i++) all[$1, $2, $3, i] = all[$1, $2, $3, i] " " $i }
    END {
      line = "| %-7s | %9s | %7s | %7s | %6s | %9s | %7s | %7s | %6s | %5s | %5s |\n"
      printf line, "", "Doris/s", "p50 ms", "p99 ms", "CPU us", "nutcr./s", "p50 ms", "p99 ms", "CPU us", "speed", "CPU"
      printf line, "---", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:", "---:"
      split("get set", operation, " "); split("1 16 64", pipeline, " ")
      for (o = 1; o <= 2; o++)
        for (p = 1; p <= 3; p++) {
          for (i = 4; i <= 7; i++) {
            d[i] = median(all["doris", operation[o], pipeline[p], i])
            n[i] = median(all["nutcracker", operation[o], pipeline[p], i])
          }
          printf "| %-7s | %9d | %7.2f | %7.2f | %6.1f | %9d | %7.2f | %7.2f | %6.1f | %4.2fx | %4.2fx |\n",
            toupper(operation[o]) " P" pipeline[p], d[4], d[5], d[6], d[7], n[4], n[5], n[6], n[7],
            d[4] / n[4], (n[7] > 0 ? d[7] / n[7] : 0)
        }
    }' "$work/results"
}

need_packages "${run_packages[@]}" "${bench_packages[@]}"
[[ -x $build_dir/doris-router ]] ||
  fail "$build_dir/doris-router is not there. Build first: cmake -G Ninja -S . -B build && ninja -C build"
work=$(mktemp -d "$parent/doris-bench.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
start_doris
start_nutcracker
await_nutcracker
if [[ $preload -gt 0 ]]; then
  echo "Preloading $preload SETs" >&2
  load doris set 64 "$preload" >/dev/null
  load nutcracker set 64 "$preload" >/dev/null
fi
echo "Calibrating" >&2
calibrate
run_rounds
report
