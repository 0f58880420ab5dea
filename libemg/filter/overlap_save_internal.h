#pragma once
// Long filters without feedback, block by block through transforms.

#include <complex>
#include <span>
#include <vector>

#include "libemg/core/stage.h"
#include "libemg/spectral/fft.h"

namespace emg {

/// out[i] = sum over k of taps[k] x[i + delay - k], delay = (tap_count - 1) / 2 rounded down: aligned with the input, as
/// scipy.signal.oaconvolve with mode = "same". Outside samples are zero, or the odd extension of the record over the delay, which needs
/// more samples than that. The output comes in blocks of a grid anchored at sample 0, each of one transform.
class OverlapSaveStage : public Stage {
 public:
  OverlapSaveStage(Index channels, double rate_hz, std::span<const double> taps, bool odd_extension);

  void push(const ChannelsView& block, const BlockSink& sink) override;
  void finish(const BlockSink& sink) override;
  bool write_into(ChannelsRef output) override;
  Index look_ahead() const override { return after_ + block_length(); }
  double output_rate_hz() const override { return rate_hz_; }

 protected:
  /// out[i] for `count` samples, of which `input` and `filtered` are known. Copies what was filtered.
  virtual void combine(const double* input, const double* filtered, Index count, double* out) const;

 private:
  Index overlap() const { return before_ + after_; }
  Index block_length() const { return fft_.length() - overlap(); }
  Index filter_from(const ChannelsView& block, Index first, const BlockSink& sink);
  Index take(const ChannelsView& block, Index first);
  void require_extension() const;
  void extend_left();
  void extend_right(const BlockSink& sink);
  bool hand_on_block(Index count, const BlockSink& sink);
  void set_response(std::span<const double> taps);
  void filter_packed();

  double rate_hz_;
  Index before_, after_;  // samples around an output that it weighs
  bool odd_;
  PackedFft fft_;
  // What each packed value and its mirror image weigh in the filtered one; real for symmetric taps of odd count.
  std::vector<std::complex<double>> direct_, mirrored_;
  std::vector<double> real_direct_, real_mirrored_;
  RowMatrix held_, out_;
  Index held_count_ = 0, received_ = 0, handed_on_ = 0;
  double* rows_ = nullptr;
  Index stride_ = 0;
};

}  // namespace emg
