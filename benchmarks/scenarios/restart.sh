#!/usr/bin/env bash
# A planned restart of a Doppler that holds 512 MiB: how long its snapshot takes to be written and loaded, as it says itself.
. "$(dirname "$0")/lib.sh"

start() {
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 LOGGREGATOR_Doppler__LogBytes=536870912 LOGGREGATOR_Log__Level=Information \
    "LOGGREGATOR_Doppler__SnapshotPath=$WORK/snapshot"
}

start
"$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress 127.0.0.1:18082 --ingress-name doppler \
  --readers 0 --sources 10000 --rate 150000 --connections 2 --warmup 1 --duration "${SECONDS_MEASURED}" >/dev/null
stop "$doppler"
grep history "$WORK/doppler.log"
start
stop "$doppler"
grep history "$WORK/doppler.log"
