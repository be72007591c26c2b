#!/usr/bin/env bash
# 1,000 tailers of /v2/stream on connections of their own, one source each, 20,000 envelopes a second in all.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
role tc traffic-controller 19103 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18081 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18083 LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18082
measure tailers-1000 --ingress 127.0.0.1:18082 --ingress-name doppler --sse 'http://127.0.0.1:18081/v2/stream?type=log' --tailers 1000 --sources 1000 \
  --rate 20000 --connections 2 --duration "$SECONDS_MEASURED" --warmup 10 --pids "doppler=$doppler,tc=$tc"
exit "${FAILED:-0}"
