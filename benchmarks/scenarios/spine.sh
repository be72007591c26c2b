#!/usr/bin/env bash
# Agent, Doppler and Traffic Controller as three processes with mTLS: loss and cost at 150,000 a second, latency at 30,000.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
role tc traffic-controller 19103 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18081 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18083 LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18082
role agent agent 19101 LOGGREGATOR_Agent__Listen=127.0.0.1:13458 LOGGREGATOR_Agent__UdpListen=127.0.0.1:13457 LOGGREGATOR_Agent__Dopplers=127.0.0.1:18082

through() {
  measure "$@" --ingress 127.0.0.1:13458 --egress 127.0.0.1:18083 --preferred-tags --connections 2 --duration "$SECONDS_MEASURED" --warmup 10 \
    --pids "agent=$agent,doppler=$doppler,tc=$tc" --scrape doppler=http://127.0.0.1:19102/metrics
}

# The agent's stamp adds about 13 bytes: lines of 138 make 300 at the Doppler.
through spine-30k --rate 30000 --payload 138
through spine-150k --rate 150000 --payload 138
exit "${FAILED:-0}"
