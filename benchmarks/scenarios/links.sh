#!/usr/bin/env bash
# 200 links of 100 single envelopes a second each to two Dopplers. Each takes half, so its cost per million of its own is twice the figure shown.
# At each Doppler one reader of the same shard id: together they get everything once, which is checked.
. "$(dirname "$0")/lib.sh"

role doppler_a doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
role doppler_b doppler 19112 LOGGREGATOR_Doppler__Listen=127.0.0.1:18092
measure links-200 --ingress 127.0.0.1:18082,127.0.0.1:18092 --ingress-name doppler \
  --egress 127.0.0.1:18082,127.0.0.1:18092 --egress-name doppler --readers 2 --shard-id links \
  --links 200 --link-rate 100 --duration "$SECONDS_MEASURED" --warmup 10 --pids "doppler_a=$doppler_a,doppler_b=$doppler_b"
exit "${FAILED:-0}"
