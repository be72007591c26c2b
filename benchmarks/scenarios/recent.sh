#!/usr/bin/env bash
# Reads of the newest 1,000 lines of one source among 10,000 through log-cache's API, while 100,000 lines a second come in: of a source that sends ten times
# as much as others, so that so many of it are held, and of all sources in turn. mTLS between the roles.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082 "LOGGREGATOR_Doppler__LogBytes=${LOG_BYTES:-2147483648}"
role tc traffic-controller 19103 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18081 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18083 LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18082
"$LOAD" run --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress 127.0.0.1:18082 --ingress-name doppler \
  --readers 0 --sources 10000 --skew 10 --rate 100000 --connections 2 --warmup 1 --duration "$SECONDS_MEASURED" --run-id 77 \
  --pids "doppler=$doppler,tc=$tc" >"$WORK/load.log" 2>&1 &
load=$!
sleep $((SECONDS_MEASURED / 2))
half=$((SECONDS_MEASURED / 4))
echo "one source:"
"$LOAD" recent --url http://127.0.0.1:18081 --run-id 77 --one --duration "$half"
echo "any source:"
"$LOAD" recent --url http://127.0.0.1:18081 --run-id 77 --duration "$half"
wait "$load" || FAILED=1
cat "$WORK/load.log"
exit "${FAILED:-0}"
