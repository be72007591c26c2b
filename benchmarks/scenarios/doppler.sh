#!/usr/bin/env bash
# A Doppler alone, mTLS: cost with one and with two firehose subscribers, loss at 400,000 a second, allocation per envelope (the growth of
# dotnet_allocated_bytes_total; the log is small enough to be full, and so to allocate no segments any more, when measuring starts).
. "$(dirname "$0")/lib.sh"

to_doppler() {
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 LOGGREGATOR_Doppler__LogBytes=268435456
  measure "$@" --ingress 127.0.0.1:18082 --ingress-name doppler --egress 127.0.0.1:18082 --egress-name doppler --connections 4 \
    --duration "$SECONDS_MEASURED" --warmup 10 --pids "doppler=$doppler" --scrape doppler=http://127.0.0.1:19102/metrics
  stop "$doppler"
}

to_doppler doppler-150k-1-subscriber --rate 150000
to_doppler doppler-150k-2-subscribers --rate 150000 --readers 2
to_doppler doppler-400k-1-subscriber --rate 400000
exit "${FAILED:-0}"
