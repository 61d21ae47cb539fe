#include "model/gguf_forms.h"

#include <algorithm>

namespace gpt {
namespace {

Tensor transposed(const Tensor& in) {
  constexpr std::int64_t kTile = 32;
  Tensor out = Tensor::zeros(Shape::matrix(in.columns(), in.rows()));
  for (std::int64_t top = 0; top < in.rows(); top += kTile)
    for (std::int64_t left = 0; left < in.columns(); left += kTile)
      for (std::int64_t i = top; i < std::min(top + kTile, in.rows()); ++i)
        for (std::int64_t j = left; j < std::min(left + kTile, in.columns()); ++j) out.row(j)[i] = in.row(i)[j];
  return out;
}

/// Where a row of Transformers' matrix (or an element of its bias) lies in the GGUF file.
std::int64_t gguf_row(std::int64_t row, GgufForm form, const ModelConfig& c) {
  if (form == GgufForm::regrouped) {  // (head, part, element) -> (part, head, element)
    const std::int64_t element = row % c.head_size, part = row / c.head_size % 3, head = row / c.head_size / 3;
    return (part * c.heads + head) * c.head_size + element;
  }
  const std::int64_t half = c.head_size / 2;  // (head, side, pair) -> (head, pair, side)
  const std::int64_t pair = row % half, side = row / half % 2, head = row / c.head_size;
  return head * c.head_size + 2 * pair + side;
}

Tensor moved(const Tensor& in, GgufForm form, const ModelConfig& config, bool to_file) {
  if (form == GgufForm::same) return in;
  if (form == GgufForm::transposed) return transposed(in);
  const bool vector = in.shape().rank == 1;
  const std::int64_t rows = vector ? in.size() : in.rows(), width = vector ? 1 : in.columns();
  Tensor out = Tensor::zeros(in.shape());
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::int64_t other = gguf_row(row, form, config);
    const auto [from, to] = to_file ? std::pair(row, other) : std::pair(other, row);
    std::copy_n(in.data() + from * width, width, out.data() + to * width);
  }
  return out;
}

}  // namespace

Tensor from_gguf(const Tensor& in, GgufForm form, const ModelConfig& config) { return moved(in, form, config, false); }
Tensor to_gguf(const Tensor& in, GgufForm form, const ModelConfig& config) { return moved(in, form, config, true); }

}  // namespace gpt
