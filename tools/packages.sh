# shellcheck shell=bash disable=SC2034
# The Debian packages that Doris needs, and need_packages, which installs the missing ones.
# Sourced by tools/run, tools/test and tools/bench.sh; not run by itself.
#
#   . "$(dirname "$0")/packages.sh"
#   need_packages "${build_packages[@]}" "${run_packages[@]}"

# To build the three programs.
build_packages=(
  g++ cmake ninja-build pkg-config
  libdb5.3-dev libuv1-dev libfmt-dev libspdlog-dev libcli11-dev libssl-dev libxxhash-dev
)

# To talk to a cluster (redis-cli), and for tools/local_cluster.sh to watch it start.
run_packages=(redis-tools procps)

# To build and run the tests.
test_packages=(git ccache catch2 libhiredis-dev iproute2 clang-format clang-tidy)

# What tools/bench.sh compares Doris with.
bench_packages=(redis-server nutcracker)

# need_packages NAME...: makes sure that every named package is installed. Asks nothing,
# touches the network only when something is missing, and exits with a clear message when
# it cannot help.
need_packages() {
  local missing=() name
  for name in "$@"; do
    package_installed "$name" || missing+=("$name")
  done
  [[ ${#missing[@]} -eq 0 ]] && return

  if ! command -v apt-get >/dev/null; then
    packages_fail "this is no Debian: please install what these packages hold" "${missing[@]}"
  fi
  local as_root=()
  if [[ $(id -u) -ne 0 ]]; then
    command -v sudo >/dev/null ||
      packages_fail "packages are missing, and you are neither root nor have sudo" "${missing[@]}"
    as_root=(sudo)
  fi

  echo "Installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! install_quietly "${missing[@]}" >"$log" 2>&1 </dev/null; then
    tail -n 20 "$log" >&2
    rm -f "$log"
    packages_fail "the installation failed (its last lines are above)" "${missing[@]}"
  fi
  rm -f "$log"
}

package_installed() {
  [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

# Installs without starting any service: redis-server would take port 6379, the router's.
# A policy-rc.d is Debian's way to say so; one that exists already is left as it is.
# Uses the as_root of need_packages. Its caller tests its status, which switches `set -e`
# off in here: hence the chains.
install_quietly() (
  local policy=/usr/sbin/policy-rc.d name
  if [[ ! -e $policy ]]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" &&
      "${as_root[@]}" chmod 755 "$policy" || exit 1
  fi
  "${as_root[@]}" apt-get update &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
      apt-get install -y --no-install-recommends "$@" || exit 1

  # Nor shall a service that we brought start with the next boot.
  for name in "$@"; do
    if [[ " ${bench_packages[*]} " == *" $name "* ]] && command -v systemctl; then
      "${as_root[@]}" systemctl disable "$name"
    fi
  done
  exit 0
)

# packages_fail WHY NAME...
packages_fail() {
  echo "error: $1" >&2
  shift
  echo "  As root: apt-get update && apt-get install $*" >&2
  exit 1
}
