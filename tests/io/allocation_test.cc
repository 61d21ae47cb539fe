// No allocation while parsing exceeds twice the file and 16 MiB: every allocation of this program is measured.
#include <atomic>
#include <cstdlib>
#include <new>

#include "gpt/io/gguf.h"
#include "gpt/io/json.h"
#include "gpt/io/safetensors.h"
#include "io/hostile_cases.h"
#include "support/catch.h"
#include "support/errors.h"
#include "support/temporary_folder.h"

#ifndef GPTASK_SANITIZED  // the sanitizers bring their own

namespace {

std::atomic<std::size_t> largest{0};

void* measured(std::size_t size) {
  std::size_t known = largest;
  while (size > known && !largest.compare_exchange_weak(known, size)) {
  }
  if (void* memory = std::malloc(size > 0 ? size : 1)) return memory;
  throw std::bad_alloc();
}

}  // namespace

void* operator new(std::size_t size) { return measured(size); }
void* operator new[](std::size_t size) { return measured(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

using namespace gpt;
using namespace gpt::test;

namespace {

/// The largest allocation while the call runs is within the promise for a file of this content.
template <typename Call>
void check_allocations(const std::string& content, const char* name, const Call& call) {
  const TemporaryFolder folder;
  put(folder / name, content);
  const auto path = folder / name;
  largest = 0;
  const std::string answer = error_of([&] { call(path); });
  const std::size_t found = largest;
  INFO(answer);
  CHECK(found <= 2 * content.size() + (std::size_t{16} << 20));
}

void read_all(const std::filesystem::path& path) {
  const GgufFile file(path);
  for (const GgufValue& value : file.metadata()) {
    error_of([&] { file.find_strings(value.key); });
    error_of([&] { file.find_integers(value.key); });
    error_of([&] { file.find_numbers(value.key); });
  }
}

}  // namespace

TEST_CASE("the measure works") {
  largest = 0;
  const std::vector<char> block(12345);
  CHECK(largest == 12345);
}

TEST_CASE("hostile files make no large allocations") {
  for (const auto& hostile : hostile_safetensors()) {
    INFO(hostile.name);
    check_allocations(hostile.content, "a.safetensors", [](const auto& path) { SafetensorsFile{path}; });
  }
  for (const auto& hostile : hostile_gguf()) {
    INFO(hostile.name);
    check_allocations(hostile.content, "a.gguf", read_all);
  }
}

TEST_CASE("files of many small things make no large allocations") {
  const auto open_safetensors = [](const auto& path) { SafetensorsFile{path}; };
  constexpr int kMany = 150'000;
  std::string tensors = "{", shape = "[1", values;
  for (int i = 0; i < kMany; ++i) {
    tensors += fmt::format(R"({}"{}":{{"dtype":"U8","shape":[0],"data_offsets":[0,0]}})", i == 0 ? "" : ",", i);
    shape += ",1";
    values += entry(fmt::format("{}", i), 7, "\1");
  }
  check_allocations(safetensors(tensors + "}"), "a.safetensors", open_safetensors);
  check_allocations(one("\"U8\"", shape + "]", "[0,1]", 1), "a.safetensors", open_safetensors);
  check_allocations(safetensors("{\"t\":{\"x\":" + shape + "]}}"), "a.safetensors", open_safetensors);
  const auto open_gguf = [](const auto& path) { GgufFile{path}; };
  check_allocations(gguf(0, kMany, values), "a.gguf", open_gguf);
  for (const std::uint32_t type : {0U, 2U, 4U, 7U})
    check_allocations(gguf(0, 1, array(type, 5'000'000 / (type + 1), std::string(5'000'000, '\1'))), "a.gguf",
                      read_all);
  std::string descriptions;
  for (int i = 0; i < kMany; ++i) descriptions += tensor(fmt::format("{}", i), {0}, 0, 0);
  check_allocations(gguf(kMany, 0, descriptions), "a.gguf", open_gguf);
  check_allocations("[" + std::string(4'000'000, ',') + "]", "a.json", [](const auto& path) { read_json_file(path); });
  check_allocations(R"({"a":)" + shape + "]}", "a.json", [](const auto& path) { read_json_file(path); });
}

#endif
