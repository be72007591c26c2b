#!/usr/bin/env bash
# Builds everything and runs every test: ./test.sh [project…], for example ./test.sh Loggregator.Tests
# Needs the .NET 10 SDK, git and, for the peers that some tests drive, what is installed below on Debian.
# The last line is "N passed, N failed"; a skipped test counts as failed, because nothing may be skipped silently.
set -uo pipefail
cd "$(dirname "$0")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
projects=("$@")
[ ${#projects[@]} -gt 0 ] || projects=(Loggregator.Tests Loggregator.FuzzTests Loggregator.IntegrationTests)

echo "── build"
if ! dotnet build Loggregator.sln -c Release -v quiet; then
  echo "The build failed: nothing was tested." >&2
  echo "0 passed, 1 failed"
  exit 1
fi

passed=0 failed=0
for project in "${projects[@]}"; do
  echo "── $project"
  report="artifacts/test-results/$project.trx"
  rm -f "$report"
  timeout 1500 "artifacts/bin/$project/release/$project" --report-trx --report-trx-filename "$project.trx" \
    --results-directory artifacts/test-results
  code=$?
  counters=$(grep -o '<Counters [^>]*' "$report" 2>/dev/null)
  number() { sed -n "s/.* $1=\"\([0-9]*\)\".*/\1/p" <<<"$counters"; }
  total=$(number total) ok=$(number passed)
  if [ -z "$total" ] || [ "$total" = 0 ]; then
    echo "$project left no results (exit code $code)." >&2
    failed=$((failed + 1))
    continue
  fi
  passed=$((passed + ok))
  failed=$((failed + total - ok))
  if [ "$code" -ne 0 ] && [ "$total" = "$ok" ]; then
    echo "$project ended with exit code $code although its tests passed." >&2
    failed=$((failed + 1))
  fi
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
