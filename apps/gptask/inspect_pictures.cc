#include "inspect_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "common_options.h"
#include "gpt/core/error.h"
#include "gpt/generate/score.h"
#include "gpt/io/atomic_file.h"
#include "gpt/model/attention_maps.h"
#include "gptask/toolkit/figures.h"
#include "gptask/toolkit/language_model.h"
#include "gptask/toolkit/utf8.h"
#include "result_output.h"

namespace gptask::app {
namespace {

using Kind = gpt::OptionSpec::Kind;
using Json = nlohmann::ordered_json;

void check_text(const std::string& text) {
  if (find_bad_utf8(text) != std::string::npos || text.find('\0') != std::string::npos)
    gpt::fail(gpt::ErrorCode::malformed, "the sentence is no UTF-8 text");
}

std::vector<std::string> labels_of(const gpt::Tokenizer& tokenizer, const std::vector<std::int32_t>& tokens) {
  std::vector<std::string> labels;
  for (const std::int32_t token : tokens) labels.push_back(token_label(tokenizer.decode({&token, 1})));
  return labels;
}

std::int64_t below(const gpt::Options& options, const char* name, std::int64_t count) {
  const std::int64_t value = options.integer(name);
  if (value < 0 || value >= count)
    gpt::fail(gpt::ErrorCode::invalid_option, "--{} must be between 0 and {}, not {}", name, count - 1, value);
  return value;
}

Json draw_attention(const gpt::Options& options, const LanguageModel& model, gpt::Threads& threads) {
  const std::string& text = options.text("attention");
  check_text(text);
  const gpt::Tokenizer& tokenizer = model.needs_tokenizer();
  const std::vector<std::int32_t> tokens = tokenizer.encode(text);
  const gpt::ModelConfig& config = model.decoder->config();
  const std::int64_t layer = below(options, "layer", config.layers);
  std::int64_t first = 0, last = config.heads;
  if (options.given("head")) {
    first = below(options, "head", config.heads);
    last = first + 1;
  }
  const gpt::Tensor weights = gpt::attention_maps(*model.decoder, tokens, threads).at(static_cast<std::size_t>(layer));
  const std::size_t size = tokens.size() * tokens.size();
  std::vector<AttentionMap> maps;
  for (std::int64_t head = first; head < last; ++head)
    maps.push_back(
        {fmt::format("head {}", head), weights.values().subspan(static_cast<std::size_t>(head) * size, size)});
  const std::string title = last - first == 1 ? fmt::format("Attention of layer {}, head {}", layer, first)
                                              : fmt::format("Attention of layer {}", layer);
  gpt::write_file_atomically(options.text("output"), attention_figure(title, labels_of(tokenizer, tokens), maps));
  Json json = {{"output", options.text("output")}, {"tokens", labels_of(tokenizer, tokens)}, {"layer", layer}};
  if (!options.flag("json")) return json;
  for (std::int64_t head = first; head < last; ++head) {
    Json rows = Json::array();
    for (std::size_t row = 0; row < tokens.size(); ++row) {
      const auto line = maps[static_cast<std::size_t>(head - first)].weights.subspan(row * tokens.size(), row + 1);
      rows.push_back(std::vector<float>(line.begin(), line.end()));
    }
    json["weights"][fmt::format("{}", head)] = std::move(rows);
  }
  return json;
}

Json draw_next_token(const gpt::Options& options, const LanguageModel& model, gpt::Threads& threads) {
  const std::string& text = options.text("next_token");
  check_text(text);
  const gpt::Tokenizer& tokenizer = model.needs_tokenizer();
  const std::vector<float> scores = gpt::next_token(*model.decoder, tokenizer.encode(text), threads);
  const std::int64_t count = options.integer("top");
  if (count < 1 || count > 100)
    gpt::fail(gpt::ErrorCode::invalid_option, "--top must be between 1 and 100, not {}", count);
  std::vector<std::int32_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto end = order.begin() + std::min<std::ptrdiff_t>(count, std::ssize(order));
  std::partial_sort(order.begin(), end, order.end(), [&](std::int32_t a, std::int32_t b) {
    const float x = scores[static_cast<std::size_t>(a)], y = scores[static_cast<std::size_t>(b)];
    return x != y ? x > y : a < b;
  });
  std::vector<std::pair<std::string, double>> bars;
  Json list = Json::array();
  for (auto token = order.begin(); token != end; ++token) {
    const double probability = std::exp(static_cast<double>(scores[static_cast<std::size_t>(*token)]));
    const std::string spelled = tokenizer.decode({&*token, 1});
    bars.emplace_back(token_label(spelled), probability);
    list.push_back({{"token", *token}, {"text", spelled}, {"probability", probability}});
  }
  gpt::write_file_atomically(options.text("output"), distribution_figure("After \"" + text + "\"", bars));
  return {{"output", options.text("output")}, {"next_tokens", list}};
}

}  // namespace

void declare_picture_options(gpt::Options& options) {
  options.declare(
      {"attention", Kind::text, "", "draw how much the tokens of this text look at one another, to --output"});
  options.declare({"layer", Kind::integer, "0", "whose attention, from 0"});
  options.declare({"head", Kind::integer, "", "of one head, from 0; without it all heads of the layer"});
  options.declare({"next_token", Kind::text, "", "draw the likeliest tokens after this text, to --output"});
  options.declare({"top", Kind::integer, "10", "how many of them"});
  options.declare({"output", Kind::text, "", "the picture to write (SVG)", {}, {"o"}});
  declare_threads_option(options);
}

bool wants_picture(const gpt::Options& options) { return options.given("attention") || options.given("next_token"); }

void draw_picture(const gpt::Options& options) {
  if (options.text("output").empty())
    gpt::fail(gpt::ErrorCode::invalid_option, "--output is missing: where the picture goes (a .svg file)");
  if (options.given("attention") && options.given("next_token"))
    gpt::fail(gpt::ErrorCode::invalid_option, "--attention and --next-token are two pictures: ask for one");
  gpt::Threads threads(thread_count(options));
  const LanguageModel model = load_language_model(options.text("model"), threads);
  const Json shown =
      options.given("attention") ? draw_attention(options, model, threads) : draw_next_token(options, model, threads);
  if (options.flag("json")) return print_json(shown);
  if (shown.contains("next_tokens"))
    for (const Json& one : shown.at("next_tokens"))
      fmt::print("{:.4f}  {}\n", one.at("probability").get<double>(), token_label(one.at("text").get<std::string>()));
  fmt::print("picture: {}\n", options.text("output"));
}

}  // namespace gptask::app
