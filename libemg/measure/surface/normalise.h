#pragma once
// Envelopes in percent of a reference, so that muscles, days and people can be compared.
//
// signal: channels x samples, microvolts, an envelope. Result: the same shape, percent of the reference of each channel (`none`: microvolts
// as they are). reference_uv holds one value for all channels or one for each; `task_peak` and `task_mean` find it in the record itself.
// Throws InvalidArgument for an empty or non-finite signal, an option outside its range, a reference that is missing or not above noise_uv,
// naming the channel. Cost: one pass, two where the reference is in the record. Method: the choices of the CEDE consensus (Besomi et al.
// 2020, J Electromyogr Kinesiol 53:102438). y = 100 x / reference, in this order.

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "libemg/core/options.h"
#include "libemg/core/signal.h"
#include "libemg/core/stage.h"

namespace emg {

enum class NormaliseMethod { mvc, submaximal, task_peak, task_mean, mmax, none };
constexpr auto enum_names(NormaliseMethod) {
  using M = NormaliseMethod;
  return std::array<std::pair<M, std::string_view>, 6>{{{M::mvc, "mvc"},
                                                        {M::submaximal, "submaximal"},
                                                        {M::task_peak, "task_peak"},
                                                        {M::task_mean, "task_mean"},
                                                        {M::mmax, "mmax"},
                                                        {M::none, "none"}}};
}

struct NormaliseOptions {
  NormaliseMethod method = NormaliseMethod::task_peak;
  std::vector<double> reference_uv = {};
  std::string reference_note;
  double noise_uv = 0;

  static constexpr auto fields() {
    using O = NormaliseOptions;
    return std::tuple{
        field("method", &O::method, {},
              "what the reference is: maximal or submaximal contraction, peak or mean of this record, maximal M wave, or none"),
        field("reference_uv", &O::reference_uv, {0, 1e9}, "reference of mvc, submaximal and mmax: one value, or one for each channel"),
        field("reference_note", &O::reference_note, {},
              "where the reference comes from (file, window, number of trials), kept with the result"),
        field("noise_uv", &O::noise_uv, {0, 1e9}, "a reference must be above this"),
    };
  }
};
static_assert(fully_described<NormaliseOptions>());

RowMatrix normalise(const ChannelsView& signal, double rate_hz, const NormaliseOptions& options = {}, int threads = 1);

/// Needs the reference of every channel: resolve_normalise.
std::unique_ptr<Stage> normalise_stage(Index channel_count, double rate_hz, const NormaliseOptions& options);

/// `options` with one reference for each channel, found in the record where the method says so.
NormaliseOptions resolve_normalise(const BlockSource& source, Index channel_count, double rate_hz, const NormaliseOptions& options);

/// "%", or "" for `none`.
std::string normalised_unit(const NormaliseOptions& options);

enum class EnvelopeKind { rms, arv };
constexpr auto enum_names(EnvelopeKind) {
  using K = EnvelopeKind;
  return std::array<std::pair<K, std::string_view>, 2>{{{K::rms, "rms"}, {K::arv, "arv"}}};
}

struct MvcReferenceOptions {
  EnvelopeKind envelope = EnvelopeKind::rms;
  double plateau_ms = 500;
  std::vector<double> trial_start_s = {};
  std::vector<double> trial_stop_s = {};

  static constexpr auto fields() {
    using O = MvcReferenceOptions;
    return std::tuple{
        field("envelope", &O::envelope, {}, "root mean square or mean absolute value"),
        field("plateau_ms", &O::plateau_ms, {1, 60000}, "how long the contraction must be held"),
        field("trial_start_s", &O::trial_start_s, {0, 1e7}, "start of each trial; none given: the record is one trial"),
        field("trial_stop_s", &O::trial_stop_s, {0, 1e7}, "end of each trial"),
    };
  }
};
static_assert(fully_described<MvcReferenceOptions>());

struct MvcReferenceRow {
  int channel = 0;
  int trial = 0;
  double start_s = 0, end_s = 0;
  double plateau_uv = 0;
  double plateau_start_s = 0;
  double reference_uv = 0;
  int trial_count = 0;
  std::optional<double> cv_percent = std::nullopt;

  static constexpr auto fields() {
    using R = MvcReferenceRow;
    return std::tuple{
        field("channel", &R::channel, {}, "index of the channel"),
        field("trial", &R::trial, {}, "number of the trial, from 0"),
        field("start_s", &R::start_s, {}, "start of the trial"),
        field("end_s", &R::end_s, {}, "its end"),
        field("plateau_uv", &R::plateau_uv, {}, "largest envelope over a plateau in this trial"),
        field("plateau_start_s", &R::plateau_start_s, {}, "where that plateau starts, after the start of the trial"),
        field("reference_uv", &R::reference_uv, {}, "largest of all trials of the channel: the reference"),
        field("trial_count", &R::trial_count, {}, "trials"),
        field("cv_percent", &R::cv_percent, {}, "coefficient of variation over trials; missing for one"),
    };
  }
};
static_assert(fully_described<MvcReferenceRow>());

/// Operation `mvc-reference`: the reference for `normalise` from maximal contractions, given as raw signal: one row for each channel and
/// trial.
std::vector<MvcReferenceRow> mvc_reference(const ChannelsView& signal, double rate_hz, const MvcReferenceOptions& options = {},
                                           int threads = 1);

}  // namespace emg
