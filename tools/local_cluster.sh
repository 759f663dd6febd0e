#!/usr/bin/env bash
# tools/local_cluster.sh: a whole Doris cluster on this machine, on 127.0.0.1 only, unless
# --machine says otherwise.
#
#   tools/local_cluster.sh start  --dir DIR [--port 6379] [--servers-per-group 1]
#                                 [--standbys 0] [--routers 1] [--conf KEY=VALUE]...
#                                 [--machine NAME=HOST,NETNS]...
#   tools/local_cluster.sh stop | status  --dir DIR
#   tools/local_cluster.sh kill | freeze | thaw | restart  NAME  --dir DIR
#
# Names: admin-1; a1 a2.. and b1 b2.. for the data servers of the two groups; s1.. for
# standbys; router-1... For each there are DIR/NAME.pid, DIR/NAME.port and DIR/NAME.log.
# DIR also holds the data, doris.conf (from the --conf options; a later line wins) and
# cluster.options, so that every command after the first start needs only --dir.
#
#   router-i   PORT + i - 1
#   admin-1    PORT + 20
#   servers    PORT + 30, + 40, ... in the order a1.. b1.. s1.. (the control port; a
#              server's shards use the ports that follow it)
#
# start     starts what is not running and waits until the cluster serves requests; a
#           DIR that was used before brings its data back; if it fails, it stops again
#           what it has started, and nothing else
# stop      stops everything in order (SIGTERM; SIGKILL after 10 s)
# status    one line per program: name, state, pid, port; exits 3 unless all are running
# kill      SIGKILL, as a crash       freeze / thaw   SIGSTOP / SIGCONT
# restart   stops NAME if it runs, starts it, and waits until it answers PING
#
# With --machine the program NAME runs in the network namespace whose file is at NETNS, and
# listens at HOST there; whoever calls this must be where HOST can be reached.
#
# The programs come from $DORIS_BUILD, or from build/ beside tools/. Exit status: 0 done,
# 1 failed, 2 wrong usage, 3 see status.

# shellcheck disable=SC2046 # Names are single words: $(names) is split on purpose.
set -euo pipefail

readonly host=127.0.0.1
readonly start_seconds=30 # For the whole cluster to serve requests.
readonly stop_seconds=10  # For each rank of programs to end by itself.

source_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build_dir=${DORIS_BUILD:-$source_dir/build}

say() { printf '%s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}
wrong_usage() {
  printf 'error: %s\nSee the head of %s for how it is used.\n' "$*" "${BASH_SOURCE[0]}" >&2
  exit 2
}

# --- options -------------------------------------------------------------------------

declare -A option=([port]=6379 [servers-per-group]=1 [standbys]=0 [routers]=1)
declare -A given=()
conf_lines=()
launched=() # By this call.
dir=$source_dir/.run
command=
name=

parse_arguments() {
  while [[ $# -gt 0 ]]; do
    case $1 in
      -h | --help)
        sed -n '2,/^[^#]*$/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
        exit 0
        ;;
      --dir | --conf | --machine | --port | --servers-per-group | --standbys | --routers)
        [[ $# -ge 2 ]] || wrong_usage "$1 needs a value"
        take_option "${1#--}" "$2"
        shift
        ;;
      -*) wrong_usage "unknown option $1" ;;
      *)
        if [[ -z $command ]]; then
          command=$1
        elif [[ -z $name ]]; then
          name=$1
        else
          wrong_usage "what is '$1'?"
        fi
        ;;
    esac
    shift
  done
}

take_option() {
  case $1 in
    dir) dir=$2 ;;
    conf)
      [[ $2 == ?*=* ]] || wrong_usage "--conf takes KEY=VALUE, not '$2'"
      conf_lines+=("${2%%=*} ${2#*=}")
      ;;
    machine)
      [[ $2 == ?*=?*,/?* ]] || wrong_usage "--machine takes NAME=HOST,NETNS, not '$2'"
      given[machine-${2%%=*}]=${2#*=}
      ;;
    *)
      [[ $2 =~ ^[0-9]{1,5}$ ]] || wrong_usage "--$1 takes a number, not '$2'"
      given[$1]=$((10#$2))
      ;;
  esac
}

# The options of the last start, then those of this one.
load_options() {
  local key value
  if [[ -f $dir/cluster.options ]]; then
    while read -r key value; do option[$key]=$value; done <"$dir/cluster.options"
  fi
  for key in "${!given[@]}"; do option[$key]=${given[$key]}; done
}

check_options() {
  local servers=$((2 * option[servers-per-group] + option[standbys]))
  [[ ${option[servers-per-group]} -ge 1 ]] || wrong_usage "--servers-per-group must be at least 1"
  [[ ${option[routers]} -ge 1 && ${option[routers]} -le 20 ]] ||
    wrong_usage "--routers must be 1 to 20"
  [[ ${option[port]} -ge 1 && $((option[port] + 30 + 10 * servers)) -le 65535 ]] ||
    wrong_usage "--port ${option[port]} leaves no room for the ports after it"
}

save_options() {
  local key line
  mkdir -p "$dir"
  for key in "${!option[@]}"; do say "$key ${option[$key]}"; done >"$dir/cluster.options"
  if [[ ! -f $dir/doris.conf ]]; then
    {
      say '# Written by tools/local_cluster.sh. All programs read it; a later line wins.'
      say 'shards 1'
      say 'cache-size 64mb'
    } >"$dir/doris.conf"
  fi
  for line in "${conf_lines[@]}"; do say "$line"; done >>"$dir/doris.conf"
}

# --- the programs --------------------------------------------------------------------

# names [RANK]...: all names, or those of the ranks admin, server, router.
names() {
  local rank
  [[ $# -gt 0 ]] || set -- admin server router
  for rank in "$@"; do
    case $rank in
      admin) say admin-1 ;;
      server)
        count_up a "${option[servers-per-group]}"
        count_up b "${option[servers-per-group]}"
        count_up s "${option[standbys]}"
        ;;
      router) count_up router- "${option[routers]}" ;;
    esac
  done
}

count_up() {
  local i
  for ((i = 1; i <= $2; i++)); do say "$1$i"; done
}

port_of() {
  local per_group=${option[servers-per-group]} number=${1//[^0-9]/}
  case $1 in
    router-*) say $((option[port] + number - 1)) ;;
    admin-*) say $((option[port] + 20)) ;;
    a*) say $((option[port] + 30 + 10 * (number - 1))) ;;
    b*) say $((option[port] + 30 + 10 * (per_group + number - 1))) ;;
    s*) say $((option[port] + 30 + 10 * (2 * per_group + number - 1))) ;;
  esac
}

# Where a program listens.
host_of() {
  local machine=${option[machine-$1]:-$host,}
  say "${machine%%,*}"
}

# The command line of a program, one argument a line. --log-file tells its pid from any
# other's: see pid_of.
command_line_of() {
  local program arguments
  case $1 in
    admin-*)
      program=doris-admin
      arguments=(--admin-dir "$dir/$1" --allow-same-machine yes
        --initial-servers-per-group "${option[servers-per-group]}")
      ;;
    router-*)
      program=doris-router
      arguments=(--admin "$(host_of admin-1):$(port_of admin-1)")
      ;;
    *)
      program=doris-server
      local group=${1:0:1}
      [[ $group != s ]] || group=standby
      arguments=(--admin "$(host_of admin-1):$(port_of admin-1)" --server-dir "$dir/$1"
        --node-name "$1" --group "$group")
      ;;
  esac
  printf '%s\n' "$build_dir/$program" --conf "$dir/doris.conf" --log-file "$dir/$1.log" \
    --bind "$(host_of "$1")" --port "$(port_of "$1")" "${arguments[@]}"
}

# The pid of a program that is running (or frozen), else nothing and status 1. A pid file
# may be older than the process that has its number now, so the process must have been
# started with this program's log file.
pid_of() {
  local pid
  [[ -f $dir/$1.pid ]] && pid=$(<"$dir/$1.pid") && [[ -n $pid ]] || return 1
  tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -- "$dir/$1.log" || return 1
  say "$pid"
} 2>/dev/null

# Sends a signal to a program that is running. Status 1 if it is not.
signal() {
  local pid
  pid=$(pid_of "$2") && kill -s "$1" "$pid" 2>/dev/null
}

# Whether a program is there and has no command line: it was killed and is still on its way out,
# with its ports and its lock on the data, until the last of its threads is gone; or it is just
# taking the place of what has started it.
is_nameless() {
  local pid
  [[ -f $dir/$1.pid ]] && pid=$(<"$dir/$1.pid") && [[ -n $pid ]] || return 1
  [[ -z $(tr -d '\0' <"/proc/$pid/cmdline") ]] || return 1
  awk '$1 == "State:" {print $2}' "/proc/$pid/task/"*/status | grep -q '[^ZX]'
} 2>/dev/null

# Twice, since it may get its command line in between.
has_ended() {
  ! pid_of "$1" >/dev/null && ! is_nameless "$1" && ! pid_of "$1" >/dev/null
}

launch() {
  local arguments within=() machine=${option[machine-$1]:-} deadline=$((SECONDS + stop_seconds))
  pid_of "$1" >/dev/null && return
  while is_nameless "$1" && ((SECONDS <= deadline)); do sleep 0.02; done
  [[ -z $machine ]] || within=(nsenter "--net=${machine#*,}")
  mapfile -t arguments < <(command_line_of "$1")
  port_of "$1" >"$dir/$1.port"
  # A session of its own, so that a Ctrl-C meant for a caller does not reach it.
  setsid "${within[@]}" "${arguments[@]}" </dev/null >>"$dir/$1.log" 2>&1 &
  say $! >"$dir/$1.pid"
  launched+=("$1")
  # Until the program has replaced the copy of this shell, pid_of does not know it.
  while ! pid_of "$1" >/dev/null && kill -0 $! 2>/dev/null; do sleep 0.01; done
}

# Asks all NAMEs to end, and makes them.
end_all() {
  local each deadline=$((SECONDS + stop_seconds))
  for each in "$@"; do
    signal TERM "$each" || continue
    signal CONT "$each" || true # A frozen one must thaw to end.
  done
  for each in "$@"; do
    until has_ended "$each" || ((SECONDS > deadline)); do sleep 0.05; done
    if signal KILL "$each"; then
      say "warning: $each did not end within $stop_seconds s and was killed" >&2
      await_end "$each"
    fi
    rm -f "$dir/$each.pid"
  done
}

# end_in_order NAME...: the admin before the data servers, since it would take their end for
# failures, one after the other.
end_in_order() {
  local rank
  for rank in router admin server; do
    end_all $(printf '%s\n' "$@" | grep -xF -- "$(names "$rank")")
  done
}

await_end() {
  local deadline=$((SECONDS + stop_seconds))
  until has_ended "$1"; do
    ((SECONDS <= deadline)) || die "$1 (pid $(<"$dir/$1.pid")) does not go away"
    sleep 0.02
  done
}

# --- is it serving? ------------------------------------------------------------------

ask() { timeout 2 redis-cli -h "$(host_of "$1")" -p "$(port_of "$1")" "${@:2}" 2>&1 </dev/null; }

answers_ping() { [[ $(ask "$1" PING) == PONG ]]; }

# The router has a topology and reaches the data servers, and the admin knows that every
# key has its two copies.
serves() {
  [[ $(ask "$1" DBSIZE) =~ ^[0-9]+$ && $(ask "$1" DORIS.STATUS) == *"2 copies of all"* ]]
}

# await DEADLINE CHECK NAME...: until CHECK NAME holds for each; shows why when it doesn't.
await() {
  local deadline=$1 check=$2 each
  for each in "${@:3}"; do
    until "$check" "$each"; do
      ! has_ended "$each" || give_up "$each has ended"
      ((SECONDS <= deadline)) || give_up "$each is not ready after $start_seconds s"
      sleep 0.05
    done
    ! has_ended "$each" || give_up "$each has ended (does another program use its port?)"
  done
}

# give_up WHY: WHY starts with the name of the culprit.
give_up() {
  local log=$dir/${1%% *}.log
  say "The end of $log:" >&2
  tail -n 15 "$log" | sed 's/^/  /' >&2
  die "$1"
}

# --- the commands --------------------------------------------------------------------

# A program that runs stays where it is, and the others would look for it elsewhere.
refuse_to_move() {
  local each
  for each in $(names); do
    if pid_of "$each" >/dev/null && [[ $(<"$dir/$each.port") != "$(port_of "$each")" ]]; then
      die "$each runs on port $(<"$dir/$each.port"), not $(port_of "$each"); stop the cluster first"
    fi
  done
}

# What a start leaves behind that failed or was interrupted: what ran before it.
undo_start() {
  [[ ${#launched[@]} -gt 0 ]] || return 0
  say "Stopping what this start has started: ${launched[*]}" >&2
  end_in_order "${launched[@]}"
}

start() {
  local program deadline=$((SECONDS + start_seconds)) each
  check_options
  for program in doris-admin doris-server doris-router; do
    [[ -x $build_dir/$program ]] ||
      die "$build_dir/$program is not there. Build first: cmake -G Ninja -S . -B build && ninja -C build"
  done
  command -v redis-cli >/dev/null || die "redis-cli is missing (Debian package redis-tools)"
  refuse_to_move
  save_options
  trap undo_start EXIT
  for each in $(names); do launch "$each"; done
  await "$deadline" answers_ping $(names)
  await "$deadline" serves $(names router)
  trap - EXIT
}

stop() { end_in_order $(names); }

status() {
  local each pid state all_running=true
  for each in $(names); do
    state=stopped
    if pid=$(pid_of "$each"); then
      state=running
      [[ $(awk '$1 == "State:" {print $2}' "/proc/$pid/status") != T ]] || state=frozen
    fi
    [[ $state == running ]] || all_running=false
    printf '%-10s %-8s pid %-8s port %s\n' "$each" "$state" "${pid:--}" "$(port_of "$each")"
  done
  $all_running || exit 3
}

kill_one() {
  signal KILL "$1" || die "$1 is not running"
  await_end "$1"
}

freeze_one() { signal STOP "$1" || die "$1 is not running"; }

thaw_one() { signal CONT "$1" || die "$1 is not running"; }

restart_one() {
  end_all "$1"
  launch "$1"
  await $((SECONDS + start_seconds)) answers_ping "$1"
}

main() {
  parse_arguments "$@"
  dir=$(realpath -m "$dir")
  load_options
  case $command in
    start | stop | status)
      [[ -z $name ]] || wrong_usage "$command takes no name"
      [[ $command == start || -f $dir/cluster.options ]] ||
        die "no cluster was started in $dir"
      "$command"
      ;;
    kill | freeze | thaw | restart)
      [[ -n $name ]] || wrong_usage "$command needs a name"
      names | grep -xF -- "$name" >/dev/null ||
        die "no program of $dir is called '$name'; there are: $(names | tr '\n' ' ')"
      "$command"_one "$name"
      ;;
    '') wrong_usage "which command: start, stop, status, kill, freeze, thaw or restart?" ;;
    *) wrong_usage "unknown command $command" ;;
  esac
}

main "$@"
