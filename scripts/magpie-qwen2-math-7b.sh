#!/bin/sh
# Qwen2-Math-7B-Instruct invents problems and answers them.
# Try it: scripts/magpie-qwen2-math-7b.sh --help
set -eu

SCRIPT=magpie-qwen2-math-7b.sh
ABOUT='problems and answers by Qwen2-Math-7B-Instruct'
PRESET=configs/one-model.yaml
MODEL=Qwen/Qwen2-Math-7B-Instruct
TOTAL=1000
INS_TOPP=1.0 INS_TEMP=1.0
RES_TOPP=1.0 RES_TEMP=0.0
PROGRESS=en

. "$(dirname -- "$0")/lib.sh"
run_magpie "$@"
