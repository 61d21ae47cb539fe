// gptask chat: turns, commands, a full context, Ctrl-C.
#include <poll.h>
#include <pty.h>

#include "apps/gptask.h"
#include "support/catch.h"
#include "support/paths.h"

using namespace gptask::test;

namespace {

/// A model with a template of a few letters: "u:hello\na:hi\n".
struct Talk : Workspace {
  Talk() {
    put(scratch / "model/chat_template.jinja",
        "{% for m in messages %}{% if m.role == 'assistant' and m.content == 'no' %}{{ raise_exception('not that') }}"
        "{% endif %}{{ m.role[0] }}:{{ m.content }}\n{% endfor %}{% if add_generation_prompt %}a:{% endif %}");
  }
  Outcome say(const std::string& input, std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"chat", "--model", path("model"), "--max-new-tokens", "5", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_gptask(arguments, input);
  }
  std::vector<Json> answers(const std::string& input, std::vector<std::string> more = {}) const {
    more.push_back("--json");
    const Outcome outcome = say(input, more);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    std::vector<Json> all;
    for (std::size_t begin = 0, end; (end = outcome.out.find('\n', begin)) != std::string::npos; begin = end + 1)
      all.push_back(Json::parse(outcome.out.substr(begin, end - begin)));
    return all;
  }
};

/// A program on a terminal.
class Terminal {
 public:
  explicit Terminal(std::vector<std::string> command) {
    pid_ = forkpty(&descriptor_, nullptr, nullptr, nullptr);
    if (pid_ != 0) return;
    setenv("GPTASK_CACHE", "/nonexistent", 1);
    std::vector<char*> arguments;
    for (std::string& argument : command) arguments.push_back(argument.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(descriptor_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(const std::string& text) const { REQUIRE(write(descriptor_, text.data(), text.size()) > 0); }
  /// Whether the text is shown within ten seconds; what came before it is forgotten.
  bool shows(const std::string& text) {
    for (;;) {
      if (const std::size_t at = shown_.find(text); at != std::string::npos) {
        before = shown_.substr(0, at);
        shown_.erase(0, at + text.size());
        return true;
      }
      pollfd waiting{descriptor_, POLLIN, 0};
      char bytes[1024];
      const ssize_t count = poll(&waiting, 1, 10000) == 1 ? read(descriptor_, bytes, sizeof bytes) : 0;
      if (count <= 0) return false;
      shown_.append(bytes, static_cast<std::size_t>(count));
    }
  }
  std::string before;  ///< what came before the text that was shown last

  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  int descriptor_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
};

}  // namespace

TEST_CASE("chat: a turn computes its own tokens only", "[apps]") {
  const Talk talk;
  const auto found = talk.answers("hi\n\nyou\n/reset\nhi\n//x\n");
  REQUIRE(found.size() == 4);
  CHECK(found[0].at("role") == "assistant");
  CHECK(found[0].at("prompt_tokens") == 7);  // u:hi, a line end, a:
  CHECK(found[0].at("cached_tokens") == 0);
  CHECK(found[1].at("cached_tokens") >= 7);
  CHECK(found[2].at("prompt_tokens") == 7);
  CHECK(found[2].at("content") == found[0].at("content"));
  const auto plain = talk.say("hi\n");
  CHECK(plain.code == 0);
  CHECK(plain.out == found[0].at("content").get<std::string>() + "\n");
  const auto with_system = talk.answers("hi\n/reset\nhi\n", {"--system", "S"});
  CHECK(with_system[0].at("prompt_tokens") == 11);
  CHECK(with_system[1].at("prompt_tokens") == 11);  // a reset keeps it
}

TEST_CASE("chat: memory is told before, as keys and values are held, and refused", "[apps]") {
  const Talk talk;
  const std::string mini = std::string(GPTASK_SOURCE_DIR) + "/models/mini", before = "memory: about ";
  const auto told = [&](const char* type) {
    const auto outcome = run_gptask({"chat", "--model", mini, "--chat-template", "chatml", "--kv-cache-dtype", type});
    CHECK(outcome.err.rfind(before, 0) == 0);
    CHECK(outcome.err.find(" MB when the context of 512 tokens is full") != std::string::npos);
    return std::stoi(outcome.err.substr(before.size()));
  };
  CHECK(told("int8") < told("float32"));
  const auto refused = talk.say("hi\n", {"--memory-limit-mb", "1"});
  CHECK(refused.code == 1);
  CHECK(refused.err.find("Less is needed with --kv_cache_dtype int8, --precision int8") != std::string::npos);
  CHECK(refused.out.empty());
}

TEST_CASE("chat: saved and loaded again", "[apps]") {
  const Talk talk;
  const auto found = talk.answers("hi\n/save " + talk.path("talk.json") + "\nmore\n", {"--system", "S"});
  REQUIRE(found.size() == 2);
  const Json saved = talk.json("talk.json");
  CHECK(saved.at("messages") == Json({{{"role", "system"}, {"content", "S"}},
                                      {{"role", "user"}, {"content", "hi"}},
                                      {{"role", "assistant"}, {"content", found[0].at("content")}}}));
  CHECK(talk.answers("/load " + talk.path("talk.json") + "\nmore\n")[0].at("content") == found[1].at("content"));
  CHECK(talk.answers("more\n", {"--load", talk.path("talk.json")})[0].at("content") == found[1].at("content"));
  const auto refused = [&](const std::string& content, const std::string& part) {
    put(talk.scratch / "bad.json", content);
    const auto outcome = talk.say("/load " + talk.path("bad.json") + "\n");
    CHECK(outcome.code == 1);
    INFO(outcome.err);
    CHECK(outcome.err.find(part) != std::string::npos);
  };
  refused("3", "expected a list of messages");
  refused("[{\"role\": \"user\"}]", "message 1 has no text \"content\"");
  refused(R"([{"role": "tool", "content": ""}])", "the role of message 1 is \"tool\"");
}

TEST_CASE("chat: the oldest turns go when the context is full", "[apps]") {
  const Talk talk;
  std::string input;
  for (int i = 0; i < 12; ++i) input += "word\n";
  const auto found = talk.answers(input, {"--system", "S"});
  REQUIRE(found.size() == 12);
  int dropped = 0;
  for (const Json& one : found) {
    CHECK(one.at("prompt_tokens") <= 59);
    dropped += one.at("dropped_messages").get<int>();
  }
  CHECK(dropped >= 10);
  const auto outcome = talk.say(input);
  const std::size_t note = outcome.err.find("the model's context is full");
  REQUIRE(note != std::string::npos);
  CHECK(outcome.err.find("context is full", note + 20) == std::string::npos);  // said once
}

TEST_CASE("chat: what cannot be done ends a script", "[apps]") {
  const Talk talk;
  const auto refused = [&](const std::string& input, int code, const std::string& part) {
    const auto outcome = talk.say(input);
    INFO(outcome.err);
    CHECK(outcome.code == code);
    CHECK(outcome.err.find(part) != std::string::npos);
  };
  refused("/sing\n", 2, "there is no command /sing; /help lists them");
  refused("/save\n", 2, "/save needs the name of a file");
  refused(std::string(80, 'x') + "\n", 2, "the message makes a prompt of 85 tokens; the model's context holds 64");
  refused("a\xFF\n", 1, "byte 2 of the message is no UTF-8");
  put(talk.scratch / "no.json", R"([{"role": "user", "content": "?"}, {"role": "assistant", "content": "no"}])");
  refused("/load " + talk.path("no.json") + "\nx\n", 1, "does not take these messages: not that");
  CHECK(talk.say("/exit\nnever read\n").out.empty());
  CHECK(talk.say("/help\n").err.find("/reset") != std::string::npos);
  const Workspace bare;
  const auto outcome = run_gptask({"chat", "--model", bare.path("model")}, "x\n");
  CHECK(outcome.code == 1);
  CHECK(outcome.err.find("no chat template; choose a kind (chatml") != std::string::npos);
  CHECK(run_gptask({"chat", "--model", bare.path("model"), "--chat-template", "zephyr"}, "x\n").code == 0);
}

TEST_CASE("chat: on a terminal errors and Ctrl-C do not end it", "[apps]") {
  const Talk talk;
  Terminal terminal(command({"chat", "--model", talk.path("model"), "--max-new-tokens", "5"}));
  REQUIRE(terminal.shows("> "));
  terminal.type("\x03");
  CHECK(terminal.shows("Ctrl-D or /exit ends"));
  CHECK(terminal.shows("> "));
  terminal.type("/sing\n");
  CHECK(terminal.shows("there is no command /sing"));
  CHECK(terminal.shows("> "));
  terminal.type("hi\n");
  CHECK(terminal.shows("> "));
  terminal.type("\x03");
  CHECK(terminal.shows("ends"));
  terminal.type("/exit\n");
  CHECK(terminal.wait() == 0);
}

TEST_CASE("chat: Ctrl-C stops an answer", "[apps]") {
  GPT_NEED(weights, gpt::test::smollm2());
  Terminal terminal(command({"chat", "--model", weights.string(), "--max-new-tokens", "1500"}));
  REQUIRE(terminal.shows("> "));
  terminal.type("Tell me a very long story about a dragon and a princess.\n");
  REQUIRE(terminal.shows("princess.\r\n"));
  REQUIRE(terminal.shows(" "));  // it began
  terminal.type("\x03");
  REQUIRE(terminal.shows("> "));
  CHECK(terminal.before.find("(cut at") == std::string::npos);
  CHECK(terminal.before.size() < 1000);
  terminal.type("Who am I?\n");
  CHECK(terminal.shows("> "));
  terminal.type("/exit\n");
  CHECK(terminal.wait() == 0);
}
