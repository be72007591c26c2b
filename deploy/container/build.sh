#!/usr/bin/env bash
# Builds the container image "loggregator" from what is committed: ./deploy/container/build.sh [TAG]
# Needs the .NET 10 SDK, git and a Docker engine.
set -euo pipefail
cd "$(dirname "$0")/../.."
context=$(mktemp -d)
trap 'rm -rf "$context"' EXIT

# A clone, because the runtime for one platform enters the lock files, and the tree here must not change.
git clone --quiet . "$context/source"
dotnet publish "$context/source/src/Loggregator" -c Release -r linux-x64 --self-contained -o "$context/image" -v quiet
DOCKER_BUILDKIT=0 docker build --tag "loggregator:${1:-latest}" --file deploy/container/Dockerfile "$context/image"
