#include "gpt/generate/chat_template.h"

#include <filesystem>

#include "generate/jinja/render.h"
#include "gpt/core/error.h"
#include "gpt/io/mapped_file.h"
#include "gpt/text/tokenizer.h"

namespace gpt {
namespace {

struct Kind {
  const char* name;
  const char* text;
};

// What the kinds are known by: their turns, and how a system message is said.
constexpr Kind kKinds[] = {
    {"chatml", R"({%- for message in messages -%}
{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|im_start|>assistant\n' }}{%- endif -%})"},
    {"llama2", R"({%- set turns = messages -%}
{%- if messages[0]['role'] == 'system' -%}{%- set turns = messages[1:] -%}{%- set system = messages[0]['content'] -%}{%- endif -%}
{%- for message in turns -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('user and assistant must take turns, the user first') }}{%- endif -%}
{%- if message['role'] == 'user' -%}
{{ (bos_token or '') + '[INST] ' + ('<<SYS>>\n' + system + '\n<</SYS>>\n\n' if loop.first and system is defined else '') + message['content'].strip() + ' [/INST]' }}
{%- elif message['role'] == 'assistant' -%}
{{ ' ' + message['content'].strip() + ' ' + (eos_token or '') }}
{%- endif -%}
{%- endfor -%})"},
    {"llama3", R"({%- for message in messages -%}
{{ ((bos_token or '') if loop.first else '') + '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + message['content'].strip() + '<|eot_id|>' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{%- endif -%})"},
    {"mistral", R"({%- set turns = messages -%}{%- set system = '' -%}
{%- if messages[0]['role'] == 'system' -%}{%- set turns = messages[1:] -%}{%- set system = messages[0]['content'] + '\n\n' -%}{%- endif -%}
{{ (bos_token or '') }}
{%- for message in turns -%}
{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}{{ raise_exception('user and assistant must take turns, the user first') }}{%- endif -%}
{%- if message['role'] == 'user' -%}
{{ ' [INST] ' + (system if loop.first else '') + message['content'] + ' [/INST]' }}
{%- elif message['role'] == 'assistant' -%}
{{ ' ' + message['content'] + (eos_token or '') }}
{%- endif -%}
{%- endfor -%})"},
    {"zephyr", R"({%- for message in messages -%}
{{ '<|' + message['role'] + '|>\n' + message['content'] + (eos_token or '') + '\n' }}
{%- endfor -%}
{%- if add_generation_prompt -%}{{ '<|assistant|>\n' }}{%- endif -%})"},
};

nlohmann::ordered_json special_tokens(const Tokenizer& tokenizer) {
  nlohmann::ordered_json names = nlohmann::ordered_json::object();
  const auto add = [&](const char* name, std::optional<std::int32_t> id) {
    if (id) names[name] = tokenizer.token(*id);
  };
  add("bos_token", tokenizer.bos());
  add("eos_token", tokenizer.eos());
  add("pad_token", tokenizer.pad());
  return names;
}

/// Runs `work`; what is not supported comes with what to do about it.
template <typename Work>
auto advising(const Work& work) {
  try {
    return work();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::unsupported) throw;
    fail(ErrorCode::unsupported, "{}; choose a kind of template in its place ({}) or name a file with one",
         error.what(), fmt::join(ChatTemplate::kinds(), ", "));
  }
}

std::string kinds_listed() { return fmt::format("{}", fmt::join(ChatTemplate::kinds(), ", ")); }

}  // namespace

struct ChatTemplate::Impl {
  jinja::Statements statements;
  jinja::Dict special_tokens;
};

ChatTemplate::ChatTemplate(std::string_view text, const nlohmann::ordered_json& special_tokens)
    : impl_(std::make_unique<Impl>()) {
  impl_->statements = advising([&] { return jinja::parse(text); });
  if (!special_tokens.is_null()) impl_->special_tokens = *jinja::Value::from_json(special_tokens).dict();
}
ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;
ChatTemplate& ChatTemplate::operator=(ChatTemplate&&) noexcept = default;

const std::vector<std::string>& ChatTemplate::kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Kind& kind : kKinds) all.emplace_back(kind.name);
    return all;
  }();
  return names;
}

ChatTemplate ChatTemplate::of(const Tokenizer& tokenizer) {
  if (tokenizer.chat_template().empty())
    fail(ErrorCode::not_found, "this model has no chat template; choose a kind ({}) or name a file with a template",
         kinds_listed());
  return ChatTemplate(tokenizer.chat_template(), special_tokens(tokenizer));
}

ChatTemplate ChatTemplate::named(const std::string& name, const Tokenizer& tokenizer) {
  for (const Kind& kind : kKinds)
    if (name == kind.name) return ChatTemplate(kind.text, special_tokens(tokenizer));
  if (!std::filesystem::is_regular_file(name))
    fail(ErrorCode::not_found, "\"{}\" is no kind of chat template ({}) and no file", name, kinds_listed());
  return ChatTemplate(MappedFile::open(name)->text(), special_tokens(tokenizer));
}

std::string ChatTemplate::render(std::span<const ChatMessage> messages, bool add_generation_prompt,
                                 const nlohmann::ordered_json& variables, std::time_t now) const {
  jinja::Dict all = impl_->special_tokens;
  if (!variables.is_null())
    for (const auto& [name, value] : variables.items()) all.emplace_back(name, jinja::Value::from_json(value));
  jinja::List list;
  for (const ChatMessage& message : messages)
    list.emplace_back(jinja::Dict{{"role", message.role}, {"content", message.content}});
  all.emplace_back("messages", std::move(list));
  all.emplace_back("add_generation_prompt", add_generation_prompt);
  for (const char* absent : {"tools", "documents"}) all.emplace_back(absent, jinja::None{});
  return advising([&] { return jinja::render(impl_->statements, all, now != 0 ? now : std::time(nullptr)); });
}

}  // namespace gpt
