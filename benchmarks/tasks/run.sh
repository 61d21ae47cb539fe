#!/usr/bin/env bash
# Fine-tunes SmolLM2-135M for one task of the comparison with Transformers and PEFT, and scores it on the rows held out.
# Usage: benchmarks/tasks/run.sh TASK SEED [FLAG...]      TASK: reviews sst2 trec mrpc stsb dialogsum multi30k squad-COUNT
# Reads the folder of data sets that GPTASK_DATA_DIR names (docs/datasets.md). Flags, such as --bf16, go to finetune.
# Results: runs/tasks/TASK-SEED and runs/tasks/TASK-SEED-test
set -euo pipefail
source "$(dirname "$0")/../../scripts/common.sh"
(($# >= 2)) || fail "usage: benchmarks/tasks/run.sh TASK SEED [FLAG...]"
task=$1 seed=$2
shift 2
data=${GPTASK_DATA_DIR:-$root/../shared/data}
gptask=${GPTASK_PROGRAM:-$root/build/release/bin/gptask}
output=${GPTASK_RUNS:-$root/runs/tasks}/$task-$seed
recipe=(--num-train-epochs 1 --batch-size 16 --learning-rate 5e-4 --weight-decay 0 --lr-scheduler-type linear --max-grad-norm 1
  --tuning lora --lora-r 8 --lora-alpha 16 --max-seq-length 128)
test_flags=()

# SQuAD's questions, evenly spread over the articles; made once.
squad_rows() {
  local file=${GPTASK_RUNS:-$root/runs/tasks}/squad/$1-$2.jsonl
  mkdir -p "$(dirname "$file")"
  [[ -s $file ]] || zstdcat "$data/squad11/$1-v1.1.json.zst" | "$(dirname "$0")/sample_squad.py" "$2" >"$file"
  echo "$file"
}

case $task in
  reviews)
    kind=sentiment test=$cache/reviews/test.csv
    flags=(--train-file "$cache/reviews/train.csv") ;;
  sst2)
    kind=sentiment test=$data/sst2/dev.tsv
    flags=(--task-name sst2 --train-file "$data/sst2/train.tsv.gz" --max-train-samples 8000) ;;
  trec)
    kind=classification test=$data/trec/TREC.test.txt
    flags=(--format labeled --train-file "$data/trec/TREC.train.txt.gz") ;;
  mrpc)
    kind=classification test=$data/mrpc/test.tsv.gz
    flags=(--task-name mrpc --train-file "$data/mrpc/train.tsv.gz") ;;
  stsb)
    kind=classification test=$data/stsb/sts-test.csv.gz
    flags=(--task-name stsb --format tsv --label-column 5 --text-column 6 --text-pair-column 7 --extra-columns drop
      --train-file "$data/stsb/sts-train.csv.gz") ;;
  dialogsum)
    kind=summarization test=$data/dialogsum/dialogsum.test.jsonl.gz
    flags=(--train-file "$data/dialogsum/dialogsum.train.jsonl.zst" --max-train-samples 1000
      --max-seq-length 512 --max-target-length 96 --batch-size 4 --gradient-accumulation-steps 4)
    test_flags=(--target-column summary1,summary2,summary3 --max-eval-samples 100) ;;
  multi30k)
    kind=translation test=$data/multi30k/test_2016_flickr.en.gz
    flags=(--source-lang en --target-lang de --train-file "$data/multi30k/train.en.gz" --max-train-samples 4000
      --max-seq-length 160 --max-target-length 64)
    test_flags=(--max-eval-samples 200) ;;
  squad-*)  # spans are learned with a larger rate, smaller steps and a warm-up
    kind=qa test=$(squad_rows dev 500)
    flags=(--train-file "$(squad_rows train "${task#squad-}")" --max-seq-length 384 --doc-stride 128
      --batch-size 8 --learning-rate 1e-3 --warmup-ratio 0.1) ;;
  *) fail "no such task: $task" ;;
esac

"$gptask" finetune "$kind" --model "$cache/SmolLM2-135M-Instruct.Q4_1.gguf" "${recipe[@]}" "${flags[@]}" --seed "$seed" \
  --save-strategy no --output-dir "$output" --overwrite-output-dir "$@"
"$gptask" evaluate --model "$output" --test-file "$test" "${test_flags[@]}" --output-dir "$output-test" --overwrite-output-dir
