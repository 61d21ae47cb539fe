#!/usr/bin/env bash
# From a fresh clone to a trained and measured sentiment model: packages, build, weights and reviews, fine-tuning, evaluation on
# reviews held out, and three answers. Usage: scripts/quickstart.sh      Results: runs/quickstart and runs/quickstart-test
set -euo pipefail
source "$(dirname "$0")/common.sh"
(($# == 0)) || fail "takes no arguments; to train with other settings run build/release/bin/gptask finetune --help"
cd "$root"

gptask=build/release/bin/gptask
weights=$cache/SmolLM2-135M-Instruct.Q4_1.gguf
reviews=$cache/reviews

build() {
  cmake --preset release -DGPTASK_TESTS=OFF -DGPTASK_BENCHMARKS=OFF
  cmake --build --preset release
}

# One epoch over 1,600 reviews: a LoRA adapter on all projections and a label head; the rest of the model stays as it is.
finetune() {
  "$gptask" finetune sentiment --model "$weights" \
    --train-file "$reviews/train.csv" --validation-file "$reviews/validation.csv" \
    --output-dir runs/quickstart --overwrite-output-dir \
    --tuning lora --lora-r 8 --lora-alpha 16 --lora-dropout 0 --lora-target-modules all-linear \
    --learning-rate 5e-4 --weight-decay 0 --lr-scheduler-type linear --warmup-steps 0 --max-grad-norm 1 \
    --num-train-epochs 1 --per-device-train-batch-size 16 --max-seq-length 128 --seed 0
}

evaluate() {
  "$gptask" evaluate --model runs/quickstart --test-file "$reviews/test.csv" \
    --output-dir runs/quickstart-test --overwrite-output-dir
}

predict() {
  local text
  for text in \
    "A delight from start to finish." \
    "Two hours of noise in search of a story." \
    "The cast is wonderful, and the script gives them nothing to do."; do
    "$gptask" predict --model runs/quickstart --text "$text"
  done
}

stage "Packages" scripts/packages.sh
stage "Build" build
stage "Weights and reviews" scripts/fetch.sh
stage "Fine-tuning" finetune
stage "Evaluation on 2,000 reviews held out" evaluate
stage "Three answers" predict
print_stage_times

say
say "The run, with its curves and examples:  $root/runs/quickstart/report.html"
say "The 2,000 reviews held out:             $root/runs/quickstart-test/report.html"
say "Try a sentence of your own:             $gptask predict --model runs/quickstart --text \"...\""
