#include "sentence.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "by_libgpt.h"
#include "formulas.h"
#include "gpt/core/error.h"
#include "gpt/head/language_model_head.h"
#include "gpt/ops/linear.h"
#include "train/optimizer.h"

namespace plain {
namespace {

constexpr std::size_t kShown = 4;  // values of a row that are printed
constexpr double kLearningRate = 1e-4;

gpt::Batch batch_of(const Tokens& tokens) {
  gpt::Batch batch;
  batch.add({tokens, {}});
  return batch;
}

std::string first_values(const Matrix& m, std::size_t row, std::size_t from = 0) {
  std::string text;
  for (std::size_t i = from; i < std::min(from + kShown, m.columns); ++i) text += fmt::format(" {:8.4f}", m(row, i));
  return text + " ...";
}

double length(const Matrix& m, std::size_t row) {
  double squares = 0;
  for (std::size_t i = 0; i < m.columns; ++i) squares += m(row, i) * m(row, i);
  return std::sqrt(squares);
}

double norm_of(const Weights& gradients) {
  double squares = 0;
  for (const auto& [name, m] : gradients)
    squares += std::inner_product(m.values.begin(), m.values.end(), m.values.begin(), 0.0);
  return std::sqrt(squares);
}

std::vector<double> row_of(const Matrix& m, std::size_t row) {
  const auto first = m.values.begin() + static_cast<std::ptrdiff_t>(row * m.columns);
  return {first, first + static_cast<std::ptrdiff_t>(m.columns)};
}

}  // namespace

Matrix decoder_logits(const gpt::Decoder& decoder, const Tokens& tokens) {
  const gpt::Batch batch = batch_of(tokens);
  gpt::Arena arena;
  gpt::Tape tape(arena, false);
  return from_tensor(gpt::linear(decoder.forward(tape, batch).states, decoder.output_projection()).value());
}

double decoder_loss(gpt::Decoder& decoder, const Tokens& tokens) {
  decoder.set_trainable(true);  // gradients start anew
  const gpt::Batch batch = batch_of(tokens);
  gpt::LanguageModelHead head(decoder.output_projection());
  gpt::Arena arena;
  gpt::Tape tape(arena, true);
  const float scale = 1.0F / static_cast<float>(head.loss_terms(batch));
  const gpt::Variable loss = head.loss(head.forward(decoder.forward(tape, batch), batch), batch, scale);
  tape.backward(loss);
  return static_cast<double>(loss.value().data()[0]);
}

Sentence::Sentence(const std::string& model, const std::string& text)
    : decoder_(gpt::Decoder::load(model)),
      tokenizer_(gpt::Tokenizer::load(model)),
      tokens_(tokenizer_->encode(text)),
      model_(*decoder_) {
  if (tokens_.size() < 2)
    gpt::fail(gpt::ErrorCode::invalid_option, "\"{}\" is {} token(s); a next token needs two or more", text,
              tokens_.size());
}

std::vector<std::string> Sentence::parts() {
  return {"tokens", "embedding", "norm", "qkv", "attention", "blocks", "next", "loss", "gradient", "step"};
}

void Sentence::print(const std::string& part) {
  using Printer = void (Sentence::*)();
  constexpr Printer printers[] = {
      &Sentence::print_tokens,    &Sentence::print_embedding, &Sentence::print_norm, &Sentence::print_query_key_value,
      &Sentence::print_attention, &Sentence::print_blocks,    &Sentence::print_next, &Sentence::print_loss,
      &Sentence::print_gradient,  &Sentence::print_step};
  const std::vector<std::string> names = parts();
  const auto found = std::find(names.begin(), names.end(), part);
  if (found == names.end())
    gpt::fail(gpt::ErrorCode::invalid_option, "no part is named \"{}\"; there are {}", part, fmt::join(names, ", "));
  (this->*printers[found - names.begin()])();
}

const Values& Sentence::values() {
  if (values_.blocks.empty()) values_ = model_.forward(tokens_);
  return values_;
}

std::string Sentence::token(std::int32_t id) const {
  std::string shown;
  for (const char c : tokenizer_->decode({&id, 1})) shown += c == '\n' ? "\\n" : std::string(1, c);
  return "\"" + shown + "\"";
}

void Sentence::print_tokens() {
  for (std::size_t t = 0; t < tokens_.size(); ++t) fmt::print("{:2} {:6} {}\n", t, tokens_[t], token(tokens_[t]));
}

void Sentence::print_embedding() {
  const Matrix& x = values().blocks.front().x;
  fmt::print("x: {} tokens, {} values each\n", x.rows, x.columns);
  for (std::size_t t = 0; t < x.rows; ++t) fmt::print("{:<12}{}\n", token(tokens_[t]), first_values(x, t));
}

void Sentence::print_norm() {
  const BlockValues& b = values().blocks.front();
  const std::size_t t = tokens_.size() - 1;
  const std::vector<double> x = row_of(b.x, t);
  const double n = static_cast<double>(x.size()), mean = std::accumulate(x.begin(), x.end(), 0.0) / n;
  const double squares = std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / n;
  fmt::print("block 0, token {}\nx     {}\nmean {:.6f}, root mean square {:.6f}, deviation {:.6f}\nnormed{}\n",
             token(tokens_[t]), first_values(b.x, t), mean, std::sqrt(squares), std::sqrt(squares - mean * mean),
             first_values(b.normed, t));
}

void Sentence::print_query_key_value() {
  const gpt::ModelConfig& c = model_.config();
  const Matrix& qkv = values().blocks.front().qkv;
  const std::size_t t = tokens_.size() - 1, size = static_cast<std::size_t>(c.head_size),
                    key = static_cast<std::size_t>(c.heads) * size,
                    value = key + static_cast<std::size_t>(c.kv_heads) * size;
  fmt::print("block 0, head 0 of {} ({} of keys and values), {} values each, token {}\n", c.heads, c.kv_heads, size,
             token(tokens_[t]));
  Matrix turned = qkv;
  if (c.rope_theta)
    for (const std::size_t part : {std::size_t{0}, key})
      rotate(&turned(t, part), size, static_cast<double>(t), *c.rope_theta);
  fmt::print("q       {}\nk       {}\nv       {}\n", first_values(qkv, t), first_values(qkv, t, key),
             first_values(qkv, t, value));
  if (c.rope_theta) fmt::print("q turned{}\nk turned{}\n", first_values(turned, t), first_values(turned, t, key));
}

void Sentence::print_attention() {
  values();
  fmt::print("block 0, head 0: row = who looks, column = at whom\n{:12}", "");
  for (const std::int32_t id : tokens_) fmt::print("{:>10}", token(id));
  const Matrix weights = model_.attention_weights(values_, 0).front();
  for (std::size_t i = 0; i < weights.rows; ++i) {
    fmt::print("\n{:<12}", token(tokens_[i]));
    for (std::size_t j = 0; j <= i; ++j) fmt::print("{:10.4f}", weights(i, j));
  }
  fmt::print("\n");
}

void Sentence::print_blocks() {
  const std::size_t t = tokens_.size() - 1;
  const Values& v = values();
  fmt::print("lengths of the last token's vectors\nblock   enters  attention adds  mlp adds\n");
  for (std::size_t i = 0; i < v.blocks.size(); ++i) {
    const BlockValues& b = v.blocks[i];
    const Matrix& after = i + 1 < v.blocks.size() ? v.blocks[i + 1].x : v.x;
    Matrix attention = b.middle, mlp = after;
    for (std::size_t k = 0; k < mlp.values.size(); ++k) {
      attention.values[k] -= b.x.values[k];
      mlp.values[k] -= b.middle.values[k];
    }
    fmt::print("{:5} {:8.3f} {:15.3f} {:9.3f}\n", i, length(b.x, t), length(attention, t), length(mlp, t));
  }
  fmt::print("leaves{:8.3f}, after the final norm {:.3f}\n", length(v.x, t), length(v.normed, t));
}

void Sentence::print_next() {
  const std::size_t t = tokens_.size() - 1;
  const std::vector<double> logits = row_of(values().logits, t), p = softmax(logits),
                            theirs = row_of(decoder_logits(*decoder_, tokens_), t), their_p = softmax(theirs);
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), 0);
  std::partial_sort(order.begin(), order.begin() + 5, order.end(), [&](auto a, auto b) { return p[a] > p[b]; });
  fmt::print("next token     formulas: logit  probability   libgpt: logit  probability\n");
  for (std::size_t i = 0; i < 5; ++i)
    fmt::print("{:<15} {:14.4f} {:12.4f} {:15.4f} {:12.4f}\n", token(static_cast<std::int32_t>(order[i])),
               logits[order[i]], p[order[i]], theirs[order[i]], their_p[order[i]]);
}

void Sentence::print_loss() {
  const Matrix& logits = values().logits;
  fmt::print("token           p(token | before)   -log p\n");
  double sum = 0;
  for (std::size_t t = 0; t + 1 < tokens_.size(); ++t) {
    const double p = softmax(row_of(logits, t))[static_cast<std::size_t>(tokens_[t + 1])];
    sum -= std::log(p);
    fmt::print("{:<15} {:17.6f} {:8.4f}\n", token(tokens_[t + 1]), p, -std::log(p));
  }
  const double mean = sum / static_cast<double>(tokens_.size() - 1);
  fmt::print("mean {:.4f}, perplexity {:.2f}; libgpt's loss {:.4f}\n", mean, std::exp(mean),
             decoder_loss(*decoder_, tokens_));
}

void Sentence::print_gradient() {
  Weights gradients;
  model_.loss(tokens_, &gradients);
  decoder_loss(*decoder_, tokens_);
  fmt::print("gradient of                                      formulas     libgpt\n");
  double squares = 0;
  for (const gpt::Parameter* p : decoder_->parameters()) {
    const Matrix theirs = from_tensor(p->grad);
    const double norm = norm_of({{p->name, theirs}});
    squares += norm * norm;
    const bool shown = p->name.find("layers.") == std::string::npos && p->name.find(".h.") == std::string::npos;
    if (shown || p->name.find(".0.") != std::string::npos)
      fmt::print("{:<46} {:10.4f} {:10.4f}\n", p->name, norm_of({{p->name, gradients.at(p->name)}}), norm);
  }
  fmt::print("{:<46} {:10.4f} {:10.4f}\n", "all weights", norm_of(gradients), std::sqrt(squares));
}

void Sentence::print_step() {
  Weights gradients;
  const double before = model_.loss(tokens_, &gradients), their_before = decoder_loss(*decoder_, tokens_);
  gpt::AdamW optimizer(decoder_->parameters(), {});
  const double norm = norm_of(gradients), their_norm = optimizer.grad_norm();
  optimizer.step(kLearningRate, clip_factor(their_norm, 1));
  for (auto& [name, grad] : gradients) {
    for (double& value : grad.values) value *= clip_factor(norm, 1);
    AdamWState state;
    adamw(model_.weights().at(name), grad, state, {kLearningRate});
  }
  fmt::print("                        formulas     libgpt\nloss before           {:10.4f} {:10.4f}\n", before,
             their_before);
  fmt::print("gradient norm         {:10.4f} {:10.4f}\nloss after one step   {:10.4f} {:10.4f}\n", norm, their_norm,
             model_.loss(tokens_), decoder_loss(*decoder_, tokens_));
}

}  // namespace plain
