#!/bin/sh
# DeepSeek-R1 invents problems and answers them with its reasoning; progress is told in Japanese.
# Try it: scripts/magpie-deepseek-r1.sh --help
set -eu

SCRIPT=magpie-deepseek-r1.sh
ABOUT='problems and reasoned answers by DeepSeek-R1 (progress in Japanese)'
PRESET=configs/deepseek-r1.yaml
MODEL=deepseek-ai/DeepSeek-R1
TOTAL=1000
INS_TOPP=1.0 INS_TEMP=1.2
RES_TOPP=1.0 RES_TEMP=0.1
PROGRESS=ja

. "$(dirname -- "$0")/lib.sh"
run_magpie "$@"
