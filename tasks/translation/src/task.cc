#include "gptask/translation/task.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "gpt/core/error.h"

namespace gptask {
namespace {

using gpt::ErrorCode;
using gpt::fail;

constexpr std::string_view pairs_column = "translation";

/// A language as the model knows it; a code we have no name for stands for itself.
std::string language_name(const std::string& code) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 20> names{
      {{"ar", "Arabic"},   {"cs", "Czech"},   {"da", "Danish"},  {"de", "German"},  {"en", "English"},
       {"es", "Spanish"},  {"fi", "Finnish"}, {"fr", "French"},  {"hi", "Hindi"},   {"it", "Italian"},
       {"ja", "Japanese"}, {"ko", "Korean"},  {"nl", "Dutch"},   {"pl", "Polish"},  {"pt", "Portuguese"},
       {"ro", "Romanian"}, {"ru", "Russian"}, {"sv", "Swedish"}, {"tr", "Turkish"}, {"zh", "Chinese"}}};
  const auto found = std::find_if(names.begin(), names.end(), [&](const auto& name) { return name.first == code; });
  return found == names.end() ? code : std::string(found->second);
}

/// The file beside it in the other language: train.en.gz -> train.de.gz.
std::filesystem::path in_language(const std::filesystem::path& file, const std::string& from, const std::string& to) {
  std::string name = file.filename().string();
  const std::string mark = "." + from;
  const std::size_t at = name.rfind(mark);
  return file.parent_path() / name.replace(at, mark.size(), "." + to);
}

std::string text_in(const nlohmann::json& pair, const std::string& language, const std::string& where) {
  const auto found = pair.find(language);
  if (found == pair.end() || !found->is_string())
    fail(ErrorCode::malformed, "{}: \"{}\" has no text in \"{}\"; --source_lang and --target_lang name the languages",
         where, pairs_column, language);
  return found->get<std::string>();
}

}  // namespace

void TranslationTask::declare_options(gpt::Options& options) const {
  using Kind = gpt::OptionSpec::Kind;
  TextToTextTask::declare_options(options);
  options.declare({"source_lang", Kind::text, "", "Language of the source: en, or its name", {}, {}});
  options.declare({"target_lang", Kind::text, "", "Language of the target", {}, {}});
}

void TranslationTask::configure(const gpt::Options& options) {
  if (options.given("source_lang")) source_lang_ = options.text("source_lang");
  if (options.given("target_lang")) target_lang_ = options.text("target_lang");
  TextToTextTask::configure(options);
}

nlohmann::ordered_json TranslationTask::state() const {
  nlohmann::ordered_json state = TextToTextTask::state();
  state["languages"] = {{"source", source_lang_}, {"target", target_lang_}};
  return state;
}

void TranslationTask::restore(const nlohmann::ordered_json& state) {
  TextToTextTask::restore(state);
  try {
    state.at("languages").at("source").get_to(source_lang_);
    state.at("languages").at("target").get_to(target_lang_);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::malformed, "the saved state of the task is damaged: {}; was it written by this task and version?",
         error.what());
  }
}

TextToTextTask::Columns TranslationTask::usual_columns() const {
  Columns columns{{"source", "src", "text"}, {"target", "tgt", "translation"}};
  if (!source_lang_.empty()) columns.source.insert(columns.source.begin(), source_lang_);
  if (!target_lang_.empty()) columns.target.insert(columns.target.begin(), target_lang_);
  return columns;
}

std::string TranslationTask::usual_template() const {
  if (source_lang_.empty() || target_lang_.empty()) return "{source}\n\nTranslation:";
  return language_name(source_lang_) + ": {source}\n" + language_name(target_lang_) + ":";
}

ScorerPointer TranslationTask::scorer(const std::vector<std::string>& predictions, const References& references) const {
  return translation_scorer(predictions, references);
}

std::vector<std::pair<std::string, std::string>> TranslationTask::trivial_answers(const std::string& source) const {
  return {{"the source as it stands", source}};
}

nlohmann::ordered_json TranslationTask::signatures(const References& references) const {
  return translation_signatures(references);
}

TextToTextTask::Source TranslationTask::open(const std::filesystem::path& file, bool with_target) const {
  if (source_lang_.empty() || data_extension(file) != "." + source_lang_) {
    if (auto reader = RowReader::open(file, format_); const auto pairs = reader->find_column(pairs_column)) {
      if (!source_lang_.empty() && !target_lang_.empty() && !reader->find_column(source_lang_))
        return {std::move(reader), *pairs, {*pairs}};
    }
    return TextToTextTask::open(file, with_target);
  }
  const std::vector<std::string> columns{source_lang_, target_lang_};
  std::vector<std::filesystem::path> files{file};
  if (with_target) {
    if (target_lang_.empty())
      fail(ErrorCode::invalid_option, "{}: --target_lang says which file beside it holds the translations",
           file.string());
    files.push_back(in_language(file, source_lang_, target_lang_));
    if (!std::filesystem::exists(files.back()))
      fail(ErrorCode::not_found, "{}: no such file; it should hold the translations of {}, line by line",
           files.back().string(), file.string());
  }
  Source from{RowReader::open_aligned(files, std::span(columns).first(files.size())), 0, {}};
  if (with_target) from.targets = {1};
  return from;
}

TextToTextTask::Texts TranslationTask::texts_of(const Source& from, const Row& row, bool with_target) const {
  const auto& field = row.fields[from.source];
  const bool object =
      from.reader->columns()[from.source] == pairs_column && field && !field->empty() && field->front() == '{';
  if (!object) return TextToTextTask::texts_of(from, row, with_target);
  const auto pair = nlohmann::json::parse(*field, nullptr, false);
  if (!pair.is_object())
    fail(ErrorCode::malformed, "{}: \"{}\" is no JSON object", from.reader->where(row), pairs_column);
  Texts texts{text_in(pair, source_lang_, from.reader->where(row)), {}};
  if (with_target) texts.targets = {text_in(pair, target_lang_, from.reader->where(row))};
  return texts;
}

}  // namespace gptask
