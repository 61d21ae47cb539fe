#include "conversation.h"

#include <algorithm>

#include "generation_options.h"
#include "gpt/core/error.h"
#include "gpt/generate/text_stream.h"
#include "gpt/io/json.h"
#include "gptask/toolkit/utf8.h"

namespace gptask::app {
namespace {

std::vector<gpt::ChatMessage> read_messages(const std::string& file) {
  const nlohmann::json json = gpt::read_json_file(file);
  const nlohmann::json& list = json.is_object() && json.contains("messages") ? json["messages"] : json;
  if (!list.is_array())
    gpt::fail(gpt::ErrorCode::malformed, "{}: expected a list of messages, or an object with \"messages\"", file);
  std::vector<gpt::ChatMessage> messages;
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto text = [&](const char* key) {
      const auto found = list[i].is_object() ? list[i].find(key) : list[i].end();
      if (found == list[i].end() || !found->is_string())
        gpt::fail(gpt::ErrorCode::malformed, "{}: message {} has no text \"{}\"", file, i + 1, key);
      return found->get<std::string>();
    };
    messages.push_back({text("role"), text("content")});
    const std::string& role = messages.back().role;
    if (role != "user" && role != "assistant" && !(role == "system" && i == 0))
      gpt::fail(gpt::ErrorCode::malformed,
                "{}: the role of message {} is \"{}\"; user and assistant have turns here, after a "
                "system message",
                file, i + 1, role);
  }
  return messages;
}

}  // namespace

Conversation::Conversation(const LanguageModel& model, gpt::ChatTemplate chat, const gpt::GenerateOptions& options,
                           gpt::Threads& threads)
    : model_(model),
      chat_(std::move(chat)),
      options_(options),
      threads_(threads),
      cache_(model.decoder->config(), options.cache_type) {
  end_with_turns(options_, model);
}

void Conversation::set_system(const std::string& text) {
  if (text.empty())
    system_.reset();
  else
    system_ = gpt::ChatMessage{"system", text};
}

void Conversation::reset() {
  history_.clear();
  first_ = 0;
}

/// System message and history from `first` on, as the model reads it.
std::vector<std::int32_t> Conversation::prompt(std::size_t first) const {
  std::vector<gpt::ChatMessage> messages;
  if (system_) messages.push_back(*system_);
  messages.insert(messages.end(), history_.begin() + static_cast<std::ptrdiff_t>(first), history_.end());
  return model_.tokenizer->encode(chat_.render(messages, true));
}

Answer Conversation::say(const std::string& text, const std::function<void(const std::string&)>& piece,
                         const std::function<bool()>& stop_requested) {
  const std::vector<gpt::ChatMessage> before = history_;
  history_.push_back({"user", text});
  try {
    const std::int64_t context = model_.decoder->config().context;
    const std::int64_t room = std::min<std::int64_t>(options_.max_new_tokens, context / 4);  // for the answer
    std::size_t first = first_;
    std::vector<std::int32_t> tokens = prompt(first);
    while (static_cast<std::int64_t>(tokens.size()) > context - room && first + 2 < history_.size())
      tokens = prompt(first += 2);
    if (static_cast<std::int64_t>(tokens.size()) >= context)
      gpt::fail(gpt::ErrorCode::invalid_option,
                "the message makes a prompt of {} tokens; the model's context holds {}: shorten it", tokens.size(),
                context);
    Answer answer;
    answer.dropped = first - first_;
    answer.prompt_tokens = tokens.size();
    gpt::TextStream stream(*model_.tokenizer, tokens, options_.stop_strings);
    const auto take = [&](const std::string& more) {
      answer.text += more;
      if (!more.empty()) piece(more);
    };
    gpt::GenerateCallbacks callbacks;
    callbacks.token = [&](std::size_t, std::int32_t token) { take(stream.push(token)); };
    callbacks.stop_requested = stop_requested;
    answer.generation = gpt::generate(*model_.decoder, tokens, options_, threads_, callbacks, cache_);
    take(stream.finish());
    answer.cached_tokens = cache_.reused();
    first_ = first;
    history_.push_back({"assistant", answer.text});
    return answer;
  } catch (...) {
    history_ = before;
    throw;
  }
}

void Conversation::save(const std::string& file) const {
  nlohmann::json messages = nlohmann::json::array();
  const auto add = [&](const gpt::ChatMessage& message) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  };
  if (system_) add(*system_);
  for (const gpt::ChatMessage& message : history_) add(message);
  gpt::write_json_file(file, {{"messages", messages}});
}

void Conversation::load(const std::string& file) {
  std::vector<gpt::ChatMessage> messages = read_messages(file);
  if (!messages.empty() && messages.front().role == "system") {
    set_system(messages.front().content);
    messages.erase(messages.begin());
  }
  if (!messages.empty() && messages.back().role == "user") messages.pop_back();  // it waits for no answer any more
  history_ = std::move(messages);
  first_ = 0;
}

}  // namespace gptask::app
