#!/usr/bin/env bash
# rate over 1,000 series, as an instant query and over an hour at 15 s, through the HTTP API of a Traffic Controller and of Debian's Prometheus, which
# hold the same counters of two hours; they are asked in turns. mTLS between the roles.
. "$(dirname "$0")/lib.sh"

role doppler doppler 19102 LOGGREGATOR_Doppler__Listen=127.0.0.1:18082
role tc traffic-controller 19103 LOGGREGATOR_TrafficController__HttpListen=127.0.0.1:18081 \
  LOGGREGATOR_TrafficController__GrpcListen=127.0.0.1:18083 LOGGREGATOR_TrafficController__Dopplers=127.0.0.1:18082
"$LOAD" counters --cert "$WORK/certs/client.crt" --key "$WORK/certs/client.key" --ca "$WORK/certs/ca.crt" --ingress 127.0.0.1:18082 \
  --series "${SERIES:-1000}" --openmetrics "$WORK/openmetrics" >"$WORK/filled"
cat "$WORK/filled"
end=$(sed 's/.* //' "$WORK/filled")
promtool tsdb create-blocks-from openmetrics "$WORK/openmetrics" "$WORK/data" >/dev/null
echo '{}' >"$WORK/prometheus.yml"
prometheus --config.file="$WORK/prometheus.yml" --storage.tsdb.path="$WORK/data" --web.listen-address=127.0.0.1:19090 --log.level=error >"$WORK/prometheus.log" 2>&1 &
STARTED+=($!)
until curl -fs http://127.0.0.1:19090/-/ready >/dev/null; do
  kill -0 "${STARTED[-1]}" || { cat "$WORK/prometheus.log"; exit 1; }
  sleep 0.1
done
both=(--url loggregator=http://127.0.0.1:18081/prometheus --url prometheus=http://127.0.0.1:19090 --time "$end")
echo "instant, rate over 1,000 series:"
"$LOAD" query "${both[@]}" --query 'rate(requests_total[5m])' --count "${COUNT:-300}"
echo "1 h at 15 s, rate over 1,000 series:"
"$LOAD" query "${both[@]}" --query 'rate(requests_total[5m])' --range 3600 --count "$((${COUNT:-300} / 10))"
