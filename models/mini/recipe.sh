#!/usr/bin/env bash
# How gptask-mini was made. Usage: models/mini/recipe.sh DATA WORK [GPTASK]
# DATA holds classic_books/classic_books.tar.zst and novels_100/novels_100.tar.zst (see README.md); WORK is a new folder.
set -euo pipefail
data=$1 work=$2 gptask=${3:-build/release/bin/gptask}

held_out=(
  classic_books/children/Carroll_Through_the_Looking_Glass.md
  classic_books/children/Grahame_The_Wind_in_the_Willows.md
  classic_books/fiction/Wells_The_Invisible_Man.md
  classic_books/fiction/Wharton_The_Age_of_Innocence.md
  classic_books/nonfiction/Washington_Up_from_Slavery.md
  novels_100/Doyle_Lost_1912.txt
  novels_100/Forster_View_1908.txt
  novels_100/Gissing_Women_1893.txt
  novels_100/Stevenson_Catriona_1893.txt
)

mkdir -p "$work/books" "$work/held_out"
for collection in classic_books novels_100; do
  tar --zstd -xf "$data/$collection/$collection.tar.zst" -C "$work/books"
done
for book in "${held_out[@]}"; do
  mkdir -p "$work/held_out/$(dirname "$book")"
  mv "$work/books/$book" "$work/held_out/$book"
done

"$gptask" train-tokenizer --train-file "$work/books" --vocab-size 8192 \
  --special-tokens '<|endoftext|>,<|pad|>' --pad-token '<|pad|>' --output-dir "$work/tokenizer"

"$gptask" pretrain --config-name mini --model-type llama --tokenizer "$work/tokenizer" \
  --train-file "$work/books" --validation-file "$work/held_out" --output-dir "$work/run" \
  --block-size 512 --batch-size 16 --max-steps 4323 --bf16 --seed 42 \
  --learning-rate 2e-3 --lr-scheduler-type warmup_stable_decay --warmup-steps 150 --num-decay-steps 1000 --min-lr-rate 0.05 \
  --weight-decay 0.1 --adam-beta1 0.9 --adam-beta2 0.95 --max-grad-norm 1 \
  --eval-steps 250 --max-eval-samples 128 --sample-prompt "It was a dark night, and" --sample-prompt '"My dear," said' \
  --sample-tokens 40 --save-steps 150 --save-total-limit 3

"$gptask" convert --model "$work/run" --output-dir "$work/gptask-mini" --dtype bfloat16
