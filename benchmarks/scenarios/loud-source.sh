#!/usr/bin/env bash
# One source sends 100 times what 100 others send together, while first the Doppler's log and then the agent's ring overflow.
# The others must lose nothing, and the loud one's losses must add up exactly.
. "$(dirname "$0")/lib.sh"
LOUD="--sources 101 --skew 10000 --rate 100000 --connections 2 --warmup 1 --duration 20 --drain 60"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 LOGGREGATOR_Doppler__LogBytes=67108864
measure loud-source-log --ingress 127.0.0.1:18082 --ingress-name doppler --egress 127.0.0.1:18082 --egress-name doppler --reader-rate 30000 $LOUD \
  --pids "doppler=$doppler"

role agent agent 19101 LOGGREGATOR_Agent__Listen=127.0.0.1:13458 LOGGREGATOR_Agent__UdpListen=127.0.0.1:13457 LOGGREGATOR_Agent__Dopplers=127.0.0.1:18082 LOGGREGATOR_Agent__RingBytes=33554432
(sleep 10; kill -STOP "$doppler"; sleep 5; kill -CONT "$doppler") &
measure loud-source-ring --ingress 127.0.0.1:13458 --egress 127.0.0.1:18082 --egress-name doppler $LOUD --pids "agent=$agent,doppler=$doppler"
exit "${FAILED:-0}"
