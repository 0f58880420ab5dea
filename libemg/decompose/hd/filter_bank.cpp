#include "libemg/decompose/hd/filter_bank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "libemg/core/error.h"
#include "libemg/decompose/hd/kernels_internal.h"
#include "libemg/decompose/hd/product_internal.h"
#include "libemg/decompose/hd/source_spikes.h"
#include "libemg/decompose/hd/supervised.h"
#include "libemg/decompose/train_quality.h"
#include "libemg/filter/butterworth.h"

namespace emg {
namespace {

constexpr char kSeparator = '|';
constexpr Index kBlock = 4096;

std::string joined_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) text += (text.empty() ? "" : std::string(1, kSeparator)) + name;
  return text;
}

std::vector<std::string> split_names(const std::string& text) {
  std::vector<std::string> names(1);
  for (const char c : text) {
    if (c == kSeparator) {
      names.emplace_back();
    } else {
      names.back() += c;
    }
  }
  return names;
}

double number_of(const Table& table, const char* name, std::size_t row) {
  const auto* column = table.find(name);
  if (!column) throw InvalidArgument(fmt::format("filters have no column {}: not a table of separation filters", name));
  const auto cell = column->cell(row);
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* integer = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*integer);
  throw InvalidArgument(fmt::format("filters: {} of row {} is missing", name, row));
}

// The source of every unit for each frame that goes in.
class FilterStage final : public Stage {
 public:
  explicit FilterStage(const FilterBank& bank)
      : rate_hz_(bank.rate_hz / bank.step), lags_(bank.extension), channels_(static_cast<Index>(bank.channels.size())), width_((channels_ + 7) / 8 * 8),
        units_(static_cast<Index>(bank.units.size())), columns_(hd::padded_columns(units_)),
        filters_(hd::FloatMatrix::Zero(lags_ * width_, columns_)), history_(static_cast<std::size_t>((lags_ - 1) * width_), 0.0f) {
    for (Index u = 0; u < units_; ++u) {
      const auto& taps = bank.units[static_cast<std::size_t>(u)].taps;
      if (taps.rows() != channels_ || taps.cols() != lags_) {
        throw InvalidArgument(fmt::format("filters of unit {} are {} x {}, expected {} channels x {} lags", bank.units[static_cast<std::size_t>(u)].unit_id,
                                          taps.rows(), taps.cols(), channels_, lags_));
      }
      for (Index l = 0; l < lags_; ++l) {
        for (Index c = 0; c < channels_; ++c) filters_((lags_ - 1 - l) * width_ + c, u) = static_cast<float>(taps(c, l));
      }
    }
  }

  void push(const ChannelsView& block, const BlockSink& sink) override {
    const Index count = block.cols(), rows = (count + 7) / 8 * 8;
    if (count == 0 || units_ == 0) return;
    // Earlier frames, the new ones, and zeros up to the next multiple of eight.
    const auto past = static_cast<Index>(history_.size());
    history_.resize(static_cast<std::size_t>(past + rows * width_), 0.0f);
    for (Index c = 0; c < channels_; ++c) {
      const auto trace = channel_span(block, c);
      float* to = history_.data() + past + c;
      for (Index t = 0; t < count; ++t, to += width_) *to = static_cast<float>(trace[static_cast<std::size_t>(t)]);
    }
    hd::FloatMatrix s = hd::FloatMatrix::Zero(rows, columns_);
    hd_kernels::kernels().multiply_float(history_.data(), width_, 1, filters_.data(), columns_, s.data(), columns_, rows, lags_ * width_, columns_);
    RowMatrix out(units_, count);
    for (Index u = 0; u < units_; ++u) {
      for (Index t = 0; t < count; ++t) out(u, t) = static_cast<double>(s(t, u));
    }
    history_.erase(history_.begin(), history_.begin() + count * width_);
    history_.resize(static_cast<std::size_t>(past));
    sink(out);
  }

  void finish(const BlockSink&) override {}
  Index look_ahead() const override { return 0; }
  double output_rate_hz() const override { return rate_hz_; }

 private:
  double rate_hz_;
  Index lags_, channels_, width_, units_, columns_;
  hd::FloatMatrix filters_;
  std::vector<float> history_;
};

// Row of the recording for each channel of the bank; -1 where it may be missing.
std::vector<Index> rows_of(const Recording& recording, const FilterBank& bank, const ApplyFiltersOptions& options, std::vector<Warning>& warnings) {
  if (std::abs(recording.rate_hz - bank.rate_hz) > 1e-6 * bank.rate_hz) {
    throw InvalidArgument(fmt::format("rate_hz is {}, the filters were made at {} Hz; resample the recording first", recording.rate_hz, bank.rate_hz));
  }
  std::vector<Index> rows;
  for (const auto& name : bank.channels) {
    const auto found = std::find_if(recording.channels.begin(), recording.channels.end(), [&](const Channel& c) { return c.name == name; });
    const bool usable = found != recording.channels.end() && found->status != "bad";
    if (!usable && !options.allow_missing) {
      throw InvalidArgument(fmt::format("channel {} of the filters is {} the recording; allow_missing leaves it out", name,
                                        found == recording.channels.end() ? "not in" : "marked bad in"));
    }
    if (!usable) warnings.push_back({"channel_missing", "its taps count as zero", name});
    rows.push_back(usable ? found - recording.channels.begin() : -1);
  }
  return rows;
}

RowMatrix conditioned(const Recording& recording, const FilterBank& bank, const std::vector<Index>& rows, int threads) {
  RowMatrix signal = RowMatrix::Zero(static_cast<Index>(rows.size()), recording.sample_count());
  for (std::size_t c = 0; c < rows.size(); ++c) {
    if (rows[c] >= 0) signal.row(static_cast<Index>(c)) = recording.samples.row(rows[c]);
  }
  signal = bandpass(signal, recording.rate_hz, {bank.low_hz, bank.high_hz, bank.filter_order, true}, threads);
  for (const auto& gap : recording.gaps) {
    if (gap.channel < 0) signal.middleCols(gap.first_sample, gap.sample_count).setZero();
  }
  if (bank.step == 1) return signal;
  RowMatrix fewer(signal.rows(), (signal.cols() + bank.step - 1) / bank.step);
  for (Index t = 0; t < fewer.cols(); ++t) fewer.col(t) = signal.col(t * bank.step);
  return fewer;
}

double scale_to(const FilterBank& bank, const RowMatrix& signal) {
  std::vector<double> rms;
  for (Index c = 0; c < signal.rows(); ++c) {
    const double value = std::sqrt(signal.row(c).squaredNorm() / static_cast<double>(signal.cols()));
    if (value > 0) rms.push_back(value);
  }
  if (rms.empty() || !(bank.median_rms_uv > 0)) return 1;
  std::nth_element(rms.begin(), rms.begin() + static_cast<std::ptrdiff_t>(rms.size() / 2), rms.end());
  return bank.median_rms_uv / rms[rms.size() / 2];
}

std::optional<double> known(double value) { return std::isnan(value) ? std::nullopt : std::optional(value); }

}  // namespace

Table filter_table(const FilterBank& bank) {
  Table table{"separation_filters", "filters on band-passed microvolts that give the source of each unit", {}};
  const auto numbers = [&](const char* name, const char* unit, const char* text, auto value) {
    Column column{name, unit, text, std::vector<double>{}, 1};
    for (const auto& taps : bank.units) std::get<std::vector<double>>(column.values).push_back(static_cast<double>(value(taps)));
    table.columns.push_back(std::move(column));
  };
  numbers("unit_id", "", "number of the unit", [](const UnitTaps& u) { return u.unit_id; });
  numbers("delay_samples", "sample", "from a discharge to the maximum of the source", [](const UnitTaps& u) { return u.delay_samples; });
  numbers("spike_threshold", "", "least height of a spike, on s|s|", [](const UnitTaps& u) { return u.spike_threshold; });
  numbers("spike_centroid", "", "mean height of spikes", [](const UnitTaps& u) { return u.spike_centroid; });
  numbers("noise_centroid", "", "mean height of the other maxima", [](const UnitTaps& u) { return u.noise_centroid; });
  numbers("rate_hz", "Hz", "of the recording", [&](const UnitTaps&) { return bank.rate_hz; });
  numbers("step", "sample", "the taps act on every step-th sample", [&](const UnitTaps&) { return bank.step; });
  numbers("extension", "", "lags of each channel", [&](const UnitTaps&) { return bank.extension; });
  numbers("low_hz", "Hz", "lower edge of the zero-phase band-pass", [&](const UnitTaps&) { return bank.low_hz; });
  numbers("high_hz", "Hz", "upper edge", [&](const UnitTaps&) { return bank.high_hz; });
  numbers("filter_order", "", "Butterworth order of each edge", [&](const UnitTaps&) { return bank.filter_order; });
  numbers("refractory_ms", "ms", "between two spikes", [&](const UnitTaps&) { return bank.refractory_ms; });
  numbers("whitening_floor_uv2", "uV2", "directions with less variance were left out", [&](const UnitTaps&) { return bank.whitening_floor_uv2; });
  numbers("median_rms_uv", "uV", "of the band-passed channels", [&](const UnitTaps&) { return bank.median_rms_uv; });
  Column names{"channels", "", "names of the channels, in the order of the taps", std::vector<std::string>(bank.units.size(), joined_names(bank.channels)), 1};
  table.columns.push_back(std::move(names));
  Column weights{"weights", "", "taps, channel by channel, lags ascending", std::vector<double>{}, static_cast<Index>(bank.channels.size()) * bank.extension};
  auto& values = std::get<std::vector<double>>(weights.values);
  for (const auto& unit : bank.units) values.insert(values.end(), unit.taps.data(), unit.taps.data() + unit.taps.size());
  table.columns.push_back(std::move(weights));
  return table;
}

FilterBank filter_bank_from(const Table& table) {
  FilterBank bank;
  const auto* weights = table.find("weights");
  const auto* names = table.find("channels");
  if (!weights || !names || table.row_count() == 0) throw InvalidArgument("filters have no rows with weights and channels: not a table of separation filters");
  bank.channels = split_names(std::get<std::string>(names->cell(0)));
  bank.rate_hz = number_of(table, "rate_hz", 0);
  bank.step = static_cast<int>(number_of(table, "step", 0));
  bank.extension = static_cast<int>(number_of(table, "extension", 0));
  bank.low_hz = number_of(table, "low_hz", 0);
  bank.high_hz = number_of(table, "high_hz", 0);
  bank.filter_order = static_cast<int>(number_of(table, "filter_order", 0));
  bank.refractory_ms = number_of(table, "refractory_ms", 0);
  bank.whitening_floor_uv2 = number_of(table, "whitening_floor_uv2", 0);
  bank.median_rms_uv = number_of(table, "median_rms_uv", 0);
  const auto channels = static_cast<Index>(bank.channels.size());
  if (bank.extension < 1 || bank.step < 1 || weights->width != channels * bank.extension) {
    throw InvalidArgument(fmt::format("filters have {} weights a unit, expected {} channels x {} lags", weights->width, channels, bank.extension));
  }
  for (std::size_t r = 0; r < table.row_count(); ++r) {
    UnitTaps unit;
    unit.unit_id = static_cast<int>(number_of(table, "unit_id", r));
    unit.delay_samples = static_cast<std::int64_t>(number_of(table, "delay_samples", r));
    unit.spike_threshold = number_of(table, "spike_threshold", r);
    unit.spike_centroid = number_of(table, "spike_centroid", r);
    unit.noise_centroid = number_of(table, "noise_centroid", r);
    const auto cell = std::get<std::vector<double>>(weights->cell(r));
    unit.taps = Eigen::Map<const RowMatrix>(cell.data(), channels, bank.extension);
    bank.units.push_back(std::move(unit));
  }
  return bank;
}

std::unique_ptr<Stage> filter_bank_stage(const FilterBank& bank) { return std::make_unique<FilterStage>(bank); }

AppliedFilters apply_filters(const Recording& recording, const FilterBank& bank, const ApplyFiltersOptions& options, int threads) {
  AppliedFilters result;
  const auto rows = rows_of(recording, bank, options, result.warnings);
  RowMatrix signal = conditioned(recording, bank, rows, threads);
  if (options.rescale) signal *= scale_to(bank, signal);
  FilterStage stage(bank);
  result.pulse_trains.resize(static_cast<Index>(bank.units.size()), signal.cols());
  for (Index first = 0; first < signal.cols(); first += kBlock) {
    stage.push(signal.middleCols(first, std::min(kBlock, signal.cols() - first)),
               [&](const ChannelsView& block) { result.pulse_trains.middleCols(first, block.cols()) = block; });
  }
  const double rate_hz = bank.rate_hz / bank.step;
  const hd::SpikeSettings spikes{samples_in_ms(bank.refractory_ms, rate_hz), false};
  const std::vector<Span> runs{{0, signal.cols()}};
  for (Index u = 0; u < result.pulse_trains.rows(); ++u) {
    const auto& taps = bank.units[static_cast<std::size_t>(u)];
    const Eigen::RowVectorXf s = result.pulse_trains.row(u).cast<float>();
    const std::span<const float> source{s.data(), static_cast<std::size_t>(s.size())};
    const auto found = options.threshold == SpikeThreshold::stored ? hd::source_spikes(source, runs, spikes, taps.spike_threshold)
                                                                   : hd::source_spikes(source, runs, spikes);
    MotorUnit unit;
    unit.unit_id = taps.unit_id;
    unit.discharges.rate_hz = recording.rate_hz;
    for (const auto t : hd::moved(found.samples, -taps.delay_samples, signal.cols())) unit.discharges.sample.push_back(t * bank.step);
    const auto intervals = interval_statistics(unit.discharges.sample, recording.rate_hz);
    result.rows.push_back({taps.unit_id, static_cast<std::int64_t>(unit.discharges.sample.size()), known(intervals.rate_mean_hz), known(found.sil_peaks),
                           known(intervals.cov_isi_robust)});
    result.units.push_back(std::move(unit));
  }
  return result;
}

}  // namespace emg
