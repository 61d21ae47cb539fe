// Conversations become the text that Transformers makes of them.
#include "gpt/generate/chat_template.h"

#include "gpt/core/random.h"
#include "gpt/io/json.h"
#include "gpt/text/tokenizer.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/paths.h"
#include "support/temporary_folder.h"
#include "support/tiny_model.h"

using namespace gpt;
using namespace gpt::test;

namespace {

std::vector<ChatMessage> messages_of(const nlohmann::json& json) {
  std::vector<ChatMessage> messages;
  for (const auto& one : json)
    messages.push_back({one.at("role").get<std::string>(), one.at("content").get<std::string>()});
  return messages;
}

void check(const ChatTemplate& chat, const nlohmann::json& one) {
  const auto messages = messages_of(one.at("messages"));
  const bool prompt = one.at("add_generation_prompt").get<bool>();
  INFO(one.dump());
  if (one.contains("text"))
    CHECK(chat.render(messages, prompt) == one.at("text").get<std::string>());
  else
    CHECK_ERROR(chat.render(messages, prompt), "mismatch", one.at("error").get<std::string>());
}

/// The text that a template without messages writes.
std::string written(const std::string& text, const nlohmann::ordered_json& variables = {}) {
  return ChatTemplate(text).render({}, false, variables, 86400 * 200);
}

}  // namespace

TEST_CASE("templates of all kinds render as in Transformers") {
  const nlohmann::json all =
      read_json_file(std::filesystem::path(GPTASK_SOURCE_DIR) / "tests/generate/chat_templates.json");
  REQUIRE(all.at("templates").size() >= 9);
  for (const auto& one : all.at("templates")) {
    INFO(one.at("name").get<std::string>());
    const ChatTemplate chat(one.at("template").get<std::string>(), all.at("special_tokens"));
    for (const auto& entry : one.at("cases")) check(chat, entry);
  }
}

TEST_CASE("SmolLM2's template renders its reference conversations") {
  GPT_NEED(reference, test::reference());
  const nlohmann::json all = read_json_file(reference / "smollm2" / "chat.json");
  const ChatTemplate chat(all.at("template").get<std::string>());
  REQUIRE(all.at("cases").size() >= 12);
  for (const auto& entry : all.at("cases")) check(chat, entry);
}

TEST_CASE("a template is found in the tokenizer, by its kind, or in a file") {
  const TemporaryFolder folder;
  write_tiny_tokenizer(folder.path());
  const auto bare = Tokenizer::load(folder.path());
  const std::vector<ChatMessage> talk{{"system", "S"}, {"user", " U "}, {"assistant", "A"}, {"user", "V"}};
  CHECK_ERROR(ChatTemplate::of(*bare), "not_found", "no chat template; choose a kind (chatml, llama2, llama3,");
  CHECK_ERROR(ChatTemplate::named("alpaca", *bare), "not_found", "\"alpaca\" is no kind of chat template (chatml,");
  put(folder / "mine.jinja", "{{ messages[-1].content }}{{ eos_token }}\n");
  CHECK(ChatTemplate::named((folder / "mine.jinja").string(), *bare).render(talk, true) == "V<|endoftext|>");
  put(folder / "chat_template.jinja", "{{ messages | length }}");
  CHECK(ChatTemplate::of(*Tokenizer::load(folder.path())).render(talk, true) == "4");

  const auto render = [&](const char* kind) {
    std::string text = ChatTemplate::named(kind, *bare).render(talk, true);
    for (std::size_t at; (at = text.find("<|endoftext|>")) != std::string::npos;) text.replace(at, 13, "$");
    return text;
  };
  CHECK(render("chatml") ==
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\n U <|im_end|>\n<|im_start|>assistant\nA<|im_end|>\n"
        "<|im_start|>user\nV<|im_end|>\n<|im_start|>assistant\n");
  CHECK(render("zephyr") == "<|system|>\nS$\n<|user|>\n U $\n<|assistant|>\nA$\n<|user|>\nV$\n<|assistant|>\n");
  CHECK(render("llama2") == "[INST] <<SYS>>\nS\n<</SYS>>\n\nU [/INST] A $[INST] V [/INST]");
  CHECK(
      render("llama3") ==
      "<|start_header_id|>system<|end_header_id|>\n\nS<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nU<|eot_id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\nA<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nV<|eot_"
      "id|>"
      "<|start_header_id|>assistant<|end_header_id|>\n\n");
  CHECK(render("mistral") == " [INST] S\n\n U  [/INST] A$ [INST] V [/INST]");
}

TEST_CASE("what a template may do") {
  CHECK(written("{{ strftime_now('%d %b %Y, %A') }}") == "20 Jul 1970, Monday");
  CHECK(written("{{ x }}{{ y is defined }}", {{"x", 3}}) == "3False");
  CHECK(written("{% for i in range(2, 8, 3) %}{{ i }};{% endfor %}") == "2;5;");
  CHECK(written("{% set a = 1 %}{% for i in [2] %}{% set a = i %}{% endfor %}{{ a }}") == "1");  // a loop's own
  CHECK(written("{% if 1 %}{% set a = 3 %}{% endif %}{{ a }}") == "3");
  CHECK(written("{% for i in 'abc' %}{% if i == 'b' %}{% continue %}{% endif %}{{ i }}{% endfor %}") == "ac");
  CHECK(written("{{ 'héllo'[1] }}{{ 'héllo'[-2:] }}{{ 'héllo' | length }}") == "élo5");
  CHECK(written("{{ [1, 2] == [1, 2] }}{{ 1 == 1.0 }}{{ '1' == 1 }}{{ none == none }}") == "TrueTrueFalseTrue");
  CHECK(written("{{ {'a': [1, 'x\\n', true, none]} | tojson }}") == R"({"a": [1, "x\n", true, null]})");
  CHECK(written("{{ '\xC2\xA0 x ' | trim }}|{{ 'xaxbx'.strip('x') }}") == "x|axb");
}

TEST_CASE("what is not supported is refused by name, what is wrong with its line") {
  CHECK_ERROR(written("{% macro f() %}{% endmacro %}"), "unsupported", "line 1: {% macro %} is not supported");
  CHECK_ERROR(written("\n\n{{ x | wordwrap(3) }}"), "unsupported", "line 3: wordwrap as a filter is not supported");
  CHECK_ERROR(written("{{ lipsum() }}"), "unsupported", "lipsum as a function");
  CHECK_ERROR(written("{{ lipsum() }}"), "unsupported", "choose a kind of template in its place (chatml, llama2,");
  CHECK_ERROR(written("{{ 'x'.zfill(3) }}"), "unsupported", "zfill of a text");
  CHECK_ERROR(written("{{ 1 is divisibleby 2 }}"), "unsupported", "divisibleby as a test");
  CHECK_ERROR(written("{{ [1] }}"), "unsupported", "writes a list as text");
  CHECK_ERROR(written("{{ x.y.z }}"), "malformed", "'x' is undefined");
  CHECK_ERROR(written("{{ 'a' + x }}"), "malformed", "'x' is undefined");
  CHECK_ERROR(written("{{ 'a' + 1 }}"), "malformed", "a text + a whole number has no meaning");
  CHECK_ERROR(written("{% if x %}"), "malformed", "a block has no {% endif %}");
  CHECK_ERROR(written("{% endif %}"), "malformed", "{% endif %} closes nothing");
  CHECK_ERROR(written("{% for x in y %}{% endif %}"), "malformed", "{% endif %} closes nothing");
  CHECK_ERROR(written("{{ x "), "malformed", "a {{ has no }}");
  CHECK_ERROR(written("{{ 'x }}"), "malformed", "a text has no closing quote");
  CHECK_ERROR(written("{{ a b }}"), "malformed", "expected }} before \"b\"");
  CHECK_ERROR(written("{# x"), "malformed", "a comment has no end");
  CHECK_ERROR(written("{{ ? }}"), "malformed", "the character '?' has no place in a tag");
  CHECK_ERROR(written("{{ 1 // 0 }}"), "malformed", "it divides by 0");
  CHECK_ERROR(written("{{ " + std::string(1000, '(') + "1" + std::string(1000, ')') + " }}"), "malformed",
              "nested more than 200 deep");
  CHECK_ERROR(written("{{ " + std::string(1000, '-') + "1 }}"), "malformed", "nested more than 200 deep");
  CHECK_ERROR(written("{% for a in range(100000) %}{% for b in range(100000) %}{{ a + b }}{% endfor %}{% endfor %}"),
              "malformed", "more than a million steps");
  std::string sum = "1";
  for (int i = 0; i < 100000; ++i) sum += "+1";
  CHECK_ERROR(written("{{ " + sum + " }}"), "malformed", "nested more than 400 deep");
  const auto grown = [](const std::string& start, const std::string& step) {
    return written("{% set ns = namespace(x=" + start + ") %}{% for i in range(10000) %}{% set ns.x = " + step +
                   " %}{% endfor %}");
  };
  CHECK_ERROR(grown("'ab'", "ns.x ~ ns.x"), "malformed", "a value of more than 16 MiB");
  CHECK_ERROR(grown("'ab'", "ns.x | replace('a', ns.x)"), "malformed", "a value of more than 16 MiB");
  CHECK_ERROR(grown("[1]", "ns.x + ns.x"), "malformed", "a value of more than 16 MiB");
  CHECK_ERROR(grown("[1]", "[ns.x, ns.x]"), "malformed", "a value of more than 16 MiB");
  CHECK_ERROR(grown("[1]", "[ns.x]"), "malformed", "nests values more than 100 deep");
  CHECK_ERROR(grown("[1]", "ns"), "unsupported", "a namespace within a value");
  CHECK_ERROR(grown("[1]", "[ns]"), "unsupported", "a namespace within a value");
  CHECK_ERROR(
      written("{% for i in range(100000) %}{{ 'x' | upper ~ ' is a text of some length, as texts go, and then some "
              "more of it: " +
              std::string(200, 'y') + "' }}{% endfor %}"),
      "malformed", "the text is longer than 16 MiB");
  CHECK_ERROR(written("{{ raise_exception('no, thanks') }}"), "mismatch", "does not take these messages: no, thanks");
}

TEST_CASE("a damaged template is an error, or another template") {
  const nlohmann::json all =
      read_json_file(std::filesystem::path(GPTASK_SOURCE_DIR) / "tests/generate/chat_templates.json");
  const std::vector<ChatMessage> talk{{"system", "S"}, {"user", "U"}, {"assistant", "A"}, {"user", "V"}};
  Random random(3);
  int rendered = 0, refused = 0;
  for (const auto& one : all.at("templates"))
    for (int i = 0; i < 100; ++i) {
      auto text = one.at("template").get<std::string>();
      for (int change = 0; change <= i % 3; ++change) {
        const std::size_t at = random.below(static_cast<std::uint32_t>(text.size())), size = random.below(12);
        const std::string part = text.substr(random.below(static_cast<std::uint32_t>(text.size())), random.below(12));
        text.replace(at, size, part);
      }
      try {
        ChatTemplate(text, all.at("special_tokens")).render(talk, true);
        ++rendered;
      } catch (const Error&) {
        ++refused;
      }
    }
  CHECK(rendered > 20);
  CHECK(refused > 50);
}
