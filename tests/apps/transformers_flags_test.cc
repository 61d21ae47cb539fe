// Command lines of the Transformers scripts, with nothing changed but the program's name.
#include <sstream>

#include "apps/gptask.h"
#include "support/catch.h"

using namespace gptask::test;

namespace {

using Words = std::vector<std::string>;

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Words with(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

Words words_of(const std::string& text) {
  std::istringstream stream(text);
  Words words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

/// A model, and a file in the form that each script reads.
struct Files : Workspace {
  Files() {
    write("glue.csv", "sentence1,sentence2,label\na film,a movie,1\na film,a tree,0\nit is good,it is fine,1\n");
    write("qa.json", R"({"data": [{"id": "1", "question": "who", "context": "Ann wrote it",)"
                     R"( "answers": {"text": ["Ann"], "answer_start": [0]}}]})");
    write("summaries.json", R"({"document": "a long text", "summary": "a text"})");
    write("translations.json", R"({"translation": {"en": "a tree", "ro": "un copac"}})");
    write("swag.csv",
          "video-id,fold-ind,startphrase,sent1,sent2,gold-source,ending0,ending1,ending2,ending3,label\n"
          "a,1,She sits. She,She sits.,She,gold,reads.,flies.,melts.,rains.,0\n");
  }
  void write(const std::string& name, const std::string& content) const { put(scratch / name, content + "\n"); }

  /// finetune TASK with the words of `line`, where @NAME is the file of that name, without doing it.
  Outcome plan(const std::string& task, const std::string& line, const Words& more = {}) const {
    Words words = {"finetune", task};
    for (const std::string& word : words_of(line)) words.push_back(word[0] == '@' ? path(word.substr(1)) : word);
    return run_gptask(with(words, with(more, {"--output_dir", path("run"), "--dry-run", "--json"})));
  }
  /// The settings of a plan that must work.
  Json settings(const Words& more) const {
    const auto outcome = run_gptask(with(finetune("run", {"--dry-run", "--json"}), more));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return Json::parse(outcome.out).at("settings");
  }
};

/// Every plan has one line about what is left out, which has these words.
void check_notice(const Outcome& outcome, const Words& parts) {
  const std::string begin = "note: flags of the Transformers scripts that change nothing here: ";
  const std::size_t at = outcome.err.find(begin);
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  REQUIRE(at != std::string::npos);
  CHECK(outcome.err.find(begin, at + 1) == std::string::npos);
  const std::string line = outcome.err.substr(at, outcome.err.find('\n', at) - at);
  for (const std::string& part : parts) {
    INFO(part);
    CHECK(has(line, part));
  }
  CHECK_FALSE(has(line, "--do_train"));
}

const std::string usual =
    "--do_train --do_eval --learning_rate 2e-5 --num_train_epochs 3 --per_device_train_batch_size 4 "
    "--per_device_eval_batch_size 4 --gradient_accumulation_steps 2 --warmup_ratio 0.1 --weight_decay 0.01 "
    "--evaluation_strategy epoch --save_strategy epoch --load_best_model_at_end True --logging_strategy steps "
    "--logging_steps 50 --logging_first_step --logging_dir logs --report_to none --run_name first --seed 1 "
    "--data_seed 2 --optim adamw_torch --lr_scheduler_type polynomial --dataloader_num_workers 4 "
    "--dataloader_pin_memory False --disable_tqdm True --log_level info --save_safetensors --overwrite_output_dir "
    "--ddp_find_unused_parameters False --torch_compile False --save_total_limit 2 --preprocessing_num_workers 8 "
    "--overwrite_cache --cache_dir cache --no_use_fast_tokenizer --model_revision main --config_name @model ";

}  // namespace

TEST_CASE("Transformers' command lines: run_glue.py and run_classification.py", "[apps]") {
  const Files files;
  const auto glue = files.plan(
      "classification", usual +
                            "--model_name_or_path @model --task_name mrpc --train_file @glue.csv --validation_file "
                            "@glue.csv --max_seq_length 128 --pad_to_max_length False --tokenizer_name @model "
                            "--fp16 --ignore_mismatched_sizes --push_to_hub --hub_model_id me/mrpc --use_auth_token "
                            "--metric_for_best_model accuracy --trust_remote_code True --torch_compile=true");
  check_notice(glue, {"--fp16 (the half precision here is --bf16; without it float32 is used)", "--report_to,",
                      "--push_to_hub (nothing is uploaded)", "--trust_remote_code (no code of a model is run)",
                      "--torch_compile (nothing is compiled)", "--dataloader_num_workers", "--use_fast_tokenizer",
                      "--cache_dir", "--ddp_find_unused_parameters", "--pad_to_max_length"});
  const Json settings = Json::parse(glue.out).at("settings");
  CHECK(settings.at("lr_scheduler_type") == "polynomial");
  CHECK(settings.at("data_seed") == 2);

  check_notice(
      files.plan("classification",
                 usual + "--model_name_or_path @model --train_file @train.csv --validation_file @train.csv "
                         "--text_column_names text --label_column_name label --shuffle_train_dataset "
                         "--shuffle_seed 42 --metric_name accuracy --max_seq_length 64 --remove_columns id "
                         "--train_split_name train --token abc --full_determinism --label_smoothing_factor 0.1"),
      {"--shuffle_train_dataset", "--shuffle_seed (rows are shuffled", "--remove_columns", "--token,"});
}

TEST_CASE("Transformers' command lines: run_qa.py and run_swag.py", "[apps]") {
  const Files files;
  check_notice(files.plan("qa", usual + "--model_name_or_path @model --train_file @qa.json --validation_file @qa.json "
                                        "--max_seq_length 64 --doc_stride 16 --n_best_size 20 --max_answer_length 30 "
                                        "--version_2_with_negative False --label_smoothing_factor 0.1 "
                                        "--eval_accumulation_steps 4 --dataloader_drop_last --fp16_opt_level O1"),
               {"--label_smoothing_factor (this task's loss is not smoothed)", "--eval_accumulation_steps",
                "--dataloader_drop_last (the last pass of an epoch is kept)", "--fp16_opt_level"});
  check_notice(files.plan("multiple-choice",
                          usual + "--model_name_or_path @model --train_file @swag.csv --validation_file @swag.csv "
                                  "--max_seq_length 64 --pad_to_max_length --no_cuda --auto_find_batch_size False"),
               {"--no_cuda", "--auto_find_batch_size"});
}

TEST_CASE("Transformers' command lines: run_summarization.py and run_translation.py", "[apps]") {
  const Files files;
  const auto summaries =
      files.plan("summarization",
                 usual +
                     "--model_name_or_path @model --train_file @summaries.json --validation_file @summaries.json "
                     "--text_column document --summary_column summary --max_source_length 256 "
                     "--max_target_length 8 --val_max_target_length 12 --generation_max_length 16 "
                     "--generation_num_beams 4 --predict_with_generate --ignore_pad_token_for_loss True "
                     "--sortish_sampler --include_inputs_for_metrics --prediction_loss_only False --lang en",
                 {"--source_prefix", "summarize: "});
  check_notice(summaries, {"--predict_with_generate", "--ignore_pad_token_for_loss", "--sortish_sampler", "--lang"});
  const Json settings = Json::parse(summaries.out).at("settings");
  CHECK(settings.at("num_beams") == 4);
  CHECK(settings.at("max_target_length") == 16);
  CHECK_FALSE(has(summaries.err, "--generation_num_beams"));

  check_notice(
      files.plan("translation",
                 usual + "--model_name_or_path @model --train_file @translations.json --validation_file "
                         "@translations.json --source_lang en --target_lang ro --num_beams 2 --max_target_length 8 "
                         "--predict_with_generate --forced_bos_token ro_RO --eval_delay 1 --neftune_noise_alpha 5"),
      {"--forced_bos_token (", "--eval_delay (no evaluation is left out)",
       "--neftune_noise_alpha (no noise is added)"});
}

TEST_CASE("flags of the Transformers scripts that ask for what is not here", "[apps]") {
  const Files files;
  const std::pair<Words, const char*> cases[] = {
      {{"--optim", "sgd"},
       "--optim sgd: AdamW is the one optimizer there is; drop the flag, or say --optim adamw_torch"},
      {{"--adafactor"}, "--adafactor: AdamW is the one optimizer there is; drop the flag"},
      {{"--tokenizer_name", "gpt2"},
       "--tokenizer_name gpt2: a model comes with its own tokenizer here, and --model is"},
      {{"--config_name", "gpt2"}, "--config_name gpt2: a model comes with its own configuration here"},
      {{"--dataset_name", "glue"},
       "--dataset_name glue: nothing is downloaded here; give the files themselves with --train_file, "
       "--validation_file and --test_file"},
      {{"--dataset_config_name", "mrpc"}, "--dataset_config_name mrpc: nothing is downloaded here"},
      {{"--lr_scheduler_type", "polynomial", "--learning_rate", "1e-7"},
       "--lr_scheduler_type polynomial goes down to 1e-07, so --learning_rate must be above that, not 1e-07"},
      {{"--data_seed", "-1"}, "--data_seed takes whole numbers from 0, not \"-1\""},
      {{"--train_sampling_strategy", "sequential"}, "--train_sampling_strategy takes one of random, group_by_length"},
      {{"--fp16", "half"}, "\"half\" is no option"},
      {{"--no_fp17"}, "there is no option --no_fp17"}};
  for (const auto& [flags, message] : cases) {
    INFO(message);
    const auto outcome = run_gptask(files.finetune("run", with({"--dry-run"}, flags)));
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(has(outcome.err, message));
  }
  for (const char* optimizer : {"adamw_torch", "adamw_torch_fused", "adamw_hf"})
    CHECK(run_gptask(files.finetune("run", {"--dry-run", "--optim", optimizer})).code == 0);
  CHECK(run_gptask(files.finetune("run", {"--dry-run", "--tokenizer_name", files.path("model/")})).code == 0);
}

TEST_CASE("what is on or off is spelled as Transformers' scripts and people spell it", "[apps]") {
  const Files files;
  for (const Words& on : {Words{"--bf16"}, {"--bf16", "True"}, {"--bf16", "TRUE"}, {"--bf16=true"}, {"--bf16", "1"}})
    CHECK(files.settings(on).at("bf16") == true);
  for (const Words& off : {Words{"--bf16", "False"}, {"--bf16=false"}, {"--no_bf16"}, {"--bf16", "--no-bf16"}})
    CHECK(files.settings(off).at("bf16") == false);
  CHECK(files.settings({"--train_sampling_strategy", "group_by_length"}).at("group_by_length") == true);
  const auto denied = run_gptask(files.finetune("run", {"--dry-run", "--do_train", "--no_do_eval"}));
  CHECK(has(denied.err, "that change nothing here: --do_eval (the files decide)\n"));
  CHECK_FALSE(has(run_gptask(files.finetune("run", {"--dry-run", "--do_train"})).err, "Transformers"));
}

TEST_CASE("help shows what is left out as one paragraph", "[apps]") {
  const std::string help = run_gptask({"finetune", "sentiment", "--help"}).out;
  CHECK(has(help, "Flags of the Transformers scripts are taken too."));
  CHECK(has(help, "hub-*"));
  CHECK(has(help, "--no-NAME"));
  CHECK_FALSE(has(help, "--hub-model-id"));
  CHECK_FALSE(has(help, "--predict-with-generate"));
  CHECK(has(help, "generation-max-length"));
  CHECK_FALSE(has(help, "label-smoothing-factor, "));  // an option of this task
}

TEST_CASE("a command line that only evaluates is told where to go", "[apps]") {
  const Files files;
  for (const Words& flags : {Words{"--do_eval"}, Words{"--do_predict"}, Words{"--no_do_train"}}) {
    const auto refused = run_gptask(with(files.finetune("run", {"--dry-run"}), flags));
    INFO(refused.err);
    CHECK(refused.code == 2);
    CHECK(has(refused.err, "without --do_train there is nothing to fine-tune: gptask evaluate"));
  }
}

TEST_CASE("evaluations by steps come as often as entries of the log, or every 500 steps", "[apps]") {
  const Files files;
  const Words by_steps{"--eval_strategy", "steps", "--validation-split", "0.3"};
  CHECK(files.settings(by_steps).at("eval_steps") == 500);
  CHECK(files.settings(with(by_steps, {"--logging_steps", "7"})).at("eval_steps") == 7);
  CHECK(files.settings(with(by_steps, {"--eval_steps", "3"})).at("eval_steps") == 3);
}

TEST_CASE("what has an entry in trainer_state.json", "[apps]") {
  const Files files;  // 32 rows, 4 steps an epoch
  const auto steps = [&](const std::string& run, const Words& flags) {
    const auto outcome = run_gptask(files.finetune(run, with({"--max-steps", "6", "--logging_steps", "5"}, flags)));
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    std::vector<int> found;
    const Json state = files.json(run + "/trainer_state.json");
    for (const Json& entry : state.at("log_history"))
      if (entry.contains("loss")) found.push_back(entry.at("step").get<int>());
    return found;
  };
  CHECK(steps("a", {}) == std::vector<int>{5, 6});
  CHECK(steps("b", {"--logging_first_step"}) == std::vector<int>{1, 5, 6});
  CHECK(steps("c", {"--logging_strategy", "epoch"}) == std::vector<int>{4, 6});
  CHECK(steps("d", {"--logging_strategy", "no"}).empty());
}
