#!/usr/bin/env bash
# A Doppler alone, mTLS: cost with one and with two firehose subscribers, beside the floor (the load tool's sink, which hands every message on as it
# came), and loss at 400,000 a second with the default log. Allocation per envelope is the growth of dotnet_allocated_bytes_total in the runs at
# 150,000, whose log is small enough to be full, and so to add no segments any more, when measuring starts.
. "$(dirname "$0")/lib.sh"

run() {
  measure "$@" --ingress 127.0.0.1:18082 --ingress-name doppler --egress 127.0.0.1:18082 --egress-name doppler --connections 4 \
    --duration "$SECONDS_MEASURED" --warmup 10
}

to_doppler() {
  wanted "$2" || return 0
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 "LOGGREGATOR_Doppler__LogBytes=$1"
  run "${@:2}" --pids "doppler=$doppler" --scrape doppler=http://127.0.0.1:19102/metrics
  stop "$doppler"
}

to_sink() {
  wanted "$1" || return 0
  "$LOAD" sink --port 18082 --cert "$WORK/certs/doppler.crt" --key "$WORK/certs/doppler.key" --ca "$WORK/certs/ca.crt" >"$WORK/sink.log" 2>&1 &
  local sink=$!
  STARTED+=("$sink")
  sleep 2
  run "$@" --pids "sink=$sink"
  stop "$sink"
}

to_sink floor-150k --rate 150000
to_doppler 268435456 doppler-150k-1-subscriber --rate 150000
to_doppler 268435456 doppler-150k-2-subscribers --rate 150000 --readers 2
to_sink floor-400k --rate 400000
to_doppler 1073741824 doppler-400k-1-subscriber --rate 400000
exit "${FAILED:-0}"
