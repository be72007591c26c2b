#!/usr/bin/env bash
# A planned restart of a Doppler that holds 512 MiB of log and 50,000 series of 1,440 samples: how long its snapshot takes to be written and loaded, as it
# says itself. The samples come in less than a minute instead of in six hours, 33 ms apart.
SECONDS_MEASURED=${SECONDS_MEASURED:-48}
. "$(dirname "$0")/lib.sh"

start() {
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 LOGGREGATOR_Doppler__LogBytes=536870912 LOGGREGATOR_Log__Level=Information \
    "LOGGREGATOR_Doppler__SnapshotPath=$WORK/snapshot"
}

fill() {
  "$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress 127.0.0.1:18082 --ingress-name doppler \
    --readers 0 --connections 2 --warmup 1 "$@" >/dev/null 2>&1
}

start
fill --sources 1000 --metrics-percent 100 --gauge-values 50 --rate 30000 --duration "$SECONDS_MEASURED" --batch 20
fill --sources 10000 --rate 150000 --duration 12
curl -fs http://127.0.0.1:19102/metrics | grep -E '^loggregator_doppler_(log_bytes|series_(count|bytes|held|folded_total.*)) '
stop "$doppler"
grep history "$WORK/doppler.log"
start
stop "$doppler"
grep history "$WORK/doppler.log"
