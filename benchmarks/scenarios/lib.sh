# What the scenarios share. Source it: it builds, makes certificates, and ends what it has started when the script ends.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
BIN=$ROOT/artifacts/bin
EXE=$BIN/Loggregator/release/loggregator
LOAD=$BIN/Loggregator.Load/release/loggregator-load
RESULTS=benchmarks/results # relative: a report repeats its command
WORK=$(mktemp -d)
SECONDS_MEASURED=${SECONDS_MEASURED:-60}
STARTED=()
cd "$ROOT"

finish() {
  for pid in "${STARTED[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${STARTED[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$WORK"
}
trap finish EXIT

if [ -z "${SKIP_BUILD:-}" ]; then
  dotnet build "$ROOT/src/Loggregator" -c Release -v q --nologo
  dotnet build "$ROOT/benchmarks/Loggregator.Load" -c Release -v q --nologo
fi

# The load tool is an agent to the Doppler and a Traffic Controller that reads, so its certificate names both.
"$EXE" certs init --dir "$WORK/certs" 2>/dev/null >/dev/null
"$EXE" certs issue agent doppler traffic-controller nozzle --dir "$WORK/certs" >/dev/null 2>&1
"$EXE" certs issue client --name metron --name trafficcontroller --dir "$WORK/certs" >/dev/null 2>&1

# role NAME ROLE METRICS_PORT [VARIABLE=VALUE...]: starts a role with mTLS, waits until it is ready, sets the variable NAME to its pid.
role() {
  local name=$1 role=$2 metrics=$3 section
  shift 3
  section=$(case $role in agent) echo Agent ;; doppler) echo Doppler ;; nozzle) echo Nozzle ;; *) echo TrafficController ;; esac)
  env "LOGGREGATOR_Tls__Certificate=$WORK/certs/$role.crt" "LOGGREGATOR_Tls__Key=$WORK/certs/$role.key" "LOGGREGATOR_Tls__Authority=$WORK/certs/ca.crt" \
    "LOGGREGATOR_Metrics__$section=127.0.0.1:$metrics" LOGGREGATOR_Log__Level=Warning "$@" "$EXE" "$role" >"$WORK/$name.log" 2>&1 &
  printf -v "$name" %s $!
  STARTED+=($!)
  for _ in $(seq 100); do
    if curl -fs "http://127.0.0.1:$metrics/ready" >/dev/null; then return; fi
    sleep 0.1
  done
  echo "$name does not become ready:" >&2
  cat "$WORK/$name.log" >&2
  exit 1
}

stop() {
  kill "$1"
  wait "$1" 2>/dev/null || true
}

# wanted NAME: whether ONLY, a regular expression, leaves this measurement in.
wanted() {
  [[ $1 =~ ${ONLY:-.} ]]
}

# measure NAME OPTIONS...: one run of the load tool over mTLS; its report becomes results/NAME.json.
measure() {
  local name=$1
  shift
  wanted "$name" || return 0
  echo "== $name" >&2
  "$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --check --json "$RESULTS/$name.json" "$@" || FAILED=1
  "$LOAD" table "$RESULTS"/*.json >"$WORK/table"
  { sed '/^| scenario/,$d' "$RESULTS/README.md"; cat "$WORK/table"; } >"$WORK/readme"
  cp "$WORK/readme" "$RESULTS/README.md"
}
