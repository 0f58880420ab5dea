#pragma once
// A small mixture of known motor units: waveforms of a travelling and decaying source, regular trains, white noise.

#include <algorithm>
#include <cmath>

#include "libemg/core/random.h"
#include "libemg/core/recording.h"
#include "libemg/decompose/hd/frames.h"

namespace emg::hd {

struct Mixture {
  Recording recording;
  std::vector<Train> trains;
};

struct MixtureOptions {
  Index channels = 16;
  double duration_s = 10, rate_hz = 2048, noise_uv = 3;
  int units = 5;
  double lowest_rate_hz = 8, highest_rate_hz = 14, interval_cv = 0.12;
  std::uint64_t seed = 1;
};

inline Train regular_train(Random& random, double duration_s, double rate_hz, double firing_hz, double cv) {
  Train train;
  for (double t = random.uniform(0.02, 0.15); t < duration_s - 0.03; t += std::max(0.02, random.normal() * cv / firing_hz + 1 / firing_hz)) {
    train.push_back(std::lround(t * rate_hz));
  }
  return train;
}

// Second derivative of a Gaussian that runs along the channels, decaying with the distance from the unit's own place.
inline RowMatrix waveform_of(Random& random, Index channels, double rate_hz) {
  const Index length = std::lround(0.02 * rate_hz);
  RowMatrix waveform(channels, length);
  const double place = random.uniform(0, static_cast<double>(channels - 1)), spread = random.uniform(1.5, 4), width_s = random.uniform(0.0008, 0.002),
               speed = random.uniform(-0.0006, 0.0006), height = random.uniform(40, 120), lobe = random.uniform(-0.6, 0.6);
  for (Index c = 0; c < channels; ++c) {
    const double distance = static_cast<double>(c) - place, gain = height * std::exp(-0.5 * distance * distance / (spread * spread));
    for (Index i = 0; i < length; ++i) {
      const double t = (static_cast<double>(i - length / 2) / rate_hz - speed * distance) / width_s;
      waveform(c, i) = gain * ((1 - t * t) + lobe * t) * std::exp(-0.5 * t * t);
    }
  }
  return waveform;
}

inline void add_train(RowMatrix& samples, const Train& train, const RowMatrix& waveform) {
  for (const auto t : train) {
    const Index first = t - waveform.cols() / 2;
    for (Index i = std::max<Index>(0, -first); i < std::min(waveform.cols(), samples.cols() - first); ++i) samples.col(first + i) += waveform.col(i);
  }
}

inline Recording recording_of(RowMatrix samples, double rate_hz) {
  Recording recording;
  recording.rate_hz = rate_hz;
  recording.samples = std::move(samples);
  recording.channels.resize(static_cast<std::size_t>(recording.samples.rows()));
  for (std::size_t c = 0; c < recording.channels.size(); ++c) recording.channels[c].name = "E" + std::to_string(c + 1);
  return recording;
}

inline Mixture mixture(const MixtureOptions& options) {
  Random random(options.seed, 77);
  RowMatrix samples(options.channels, std::lround(options.duration_s * options.rate_hz));
  for (Index i = 0; i < samples.size(); ++i) samples.data()[i] = options.noise_uv * random.normal();
  Mixture result;
  for (int u = 0; u < options.units; ++u) {
    const auto waveform = waveform_of(random, options.channels, options.rate_hz);
    result.trains.push_back(regular_train(random, options.duration_s, options.rate_hz, random.uniform(options.lowest_rate_hz, options.highest_rate_hz),
                                          options.interval_cv));
    add_train(samples, result.trains.back(), waveform);
  }
  result.recording = recording_of(std::move(samples), options.rate_hz);
  return result;
}

}  // namespace emg::hd
