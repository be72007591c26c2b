#!/usr/bin/env bash
# One and ten firehose subscribers of a Doppler at 50,000 a second, mTLS: ten should cost less than 4.5 times one.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
for readers in 1 10; do
  measure "subscribers-50k-$readers" --ingress 127.0.0.1:18082 --ingress-name doppler --egress 127.0.0.1:18082 --egress-name doppler \
    --rate 50000 --connections 2 --readers "$readers" --duration "$SECONDS_MEASURED" --warmup 10 --pids "doppler=$doppler"
done
exit "${FAILED:-0}"
