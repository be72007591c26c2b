#!/usr/bin/env bash
# A Doppler alone, mTLS: cost with one and with two firehose subscribers, loss at 400,000 a second, allocation per envelope.
. "$(dirname "$0")/lib.sh"

to_doppler() {
  role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
  measure "$@" --ingress 127.0.0.1:18082 --ingress-name doppler --egress 127.0.0.1:18082 --egress-name doppler --connections 4 \
    --duration "$SECONDS_MEASURED" --warmup 5 --pids "doppler=$doppler" --scrape doppler=http://127.0.0.1:19102/metrics
  stop "$doppler"
}

to_doppler doppler-150k-1-subscriber --rate 150000
to_doppler doppler-150k-2-subscribers --rate 150000 --readers 2
to_doppler doppler-400k-1-subscriber --rate 400000
exit "${FAILED:-0}"
