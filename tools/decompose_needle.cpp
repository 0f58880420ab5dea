// Result tables of the few-channel method.

#include <algorithm>
#include <cmath>

#include "libemg/filter/butterworth.h"
#include "tools/decompose_contents.h"

namespace emg::tools {
namespace {

constexpr double kBefore_ms = 5, kAfter_ms = 10;
constexpr std::size_t kMostOverlays = 25;  // of a unit, spread evenly over its discharges
constexpr Index kMostStretches = 860;

// Single potentials of every unit in the detection band, on the channel where it is largest.
Table overlay_table(const NeedleDecomposition& found, const Recording& recording) {
  const auto before = static_cast<Index>(std::llround(kBefore_ms * recording.rate_hz / 1000));
  const auto width = before + static_cast<Index>(std::llround(kAfter_ms * recording.rate_hz / 1000));
  BandpassOptions band;
  band.low_hz = found.summary.highpass_hz;
  band.high_hz = found.summary.lowpass_hz;
  band.order = 2;
  const auto signal = bandpass(recording.samples, recording.rate_hz, band);
  Table table{"unit_potentials", "single potentials of every unit in the detection band, on the channel where it is largest", {}};
  Column ids{"unit_id", "", "number of the unit", std::vector<std::int64_t>{}, 1}, times{"time_s", "s", "of the discharge", std::vector<double>{}, 1},
      values{"potential", "uV", "5 ms before to 10 ms after the discharge", std::vector<double>{}, width};
  auto& samples = std::get<std::vector<double>>(values.values);
  for (std::size_t u = 0; u < found.units.size(); ++u) {
    const auto& train = found.units[u].discharges.sample;
    const std::size_t shown = std::min(kMostOverlays, train.size());
    for (std::size_t k = 0; k < shown; ++k) {
      const Index at = train[k * train.size() / shown], first = at - before;
      if (first < 0 || first + width > signal.cols()) continue;
      append_value(ids, static_cast<std::int64_t>(found.units[u].unit_id));
      append_value(times, static_cast<double>(at) / recording.rate_hz);
      const double* row = signal.data() + found.unit_rows[u].channel * signal.cols() + first;
      samples.insert(samples.end(), row, row + width);
    }
  }
  table.columns = {std::move(ids), std::move(times), std::move(values)};
  return table;
}

// Extremes of signal and residual over stretches of equal length, all channels together.
Table residual_table(const NeedleDecomposition& found) {
  const Index total = found.residual.cols(), count = std::min(kMostStretches, total);
  Table table{"residual_trace", "smallest and largest value of the whitened detection band and of what the units leave of it, in noise SD", {}};
  const auto column = [](const char* name, const char* unit, const char* text) { return Column{name, unit, text, std::vector<double>{}, 1}; };
  Column start = column("start_s", "s", "start of the stretch"), low = column("low", "", "smallest value of the signal"),
         high = column("high", "", "largest"), left_low = column("residual_low", "", "smallest value that is left"),
         left_high = column("residual_high", "", "largest");
  for (Index i = 0; i < count; ++i) {
    const Index first = i * total / count, length = (i + 1) * total / count - first;
    append_value(start, static_cast<double>(first) / found.residual_rate_hz);
    append_value(low, found.whitened.middleCols(first, length).minCoeff());
    append_value(high, found.whitened.middleCols(first, length).maxCoeff());
    append_value(left_low, found.residual.middleCols(first, length).minCoeff());
    append_value(left_high, found.residual.middleCols(first, length).maxCoeff());
  }
  table.columns = {std::move(start), std::move(low), std::move(high), std::move(left_low), std::move(left_high)};
  return table;
}

Recording residual_signal(const NeedleDecomposition& found, const Recording& recording) {
  Recording residual;
  residual.rate_hz = found.residual_rate_hz;
  residual.samples = found.residual;
  for (Index c = 0; c < found.residual.rows(); ++c) {
    Channel channel;
    channel.name = "residual" + std::to_string(c + 1);
    channel.kind = ChannelKind::other;
    channel.unit = "";
    residual.channels.push_back(channel);
  }
  residual.start_time = recording.start_time;
  return residual;
}

}  // namespace

NwbContents needle_contents(const NeedleDecomposition& found, const Recording& recording, bool residual) {
  NwbContents contents;
  contents.units = found.units;
  contents.tables = {to_table("decomposition", "the run as a whole", std::vector{found.summary}),
                     to_table("unit_quality", "how far each unit can be trusted", found.unit_rows),
                     to_table("unit_discharges", "every discharge with its confidence", found.discharges),
                     to_table("unassigned_activity", "stretches that no unit explains", found.unassigned)};
  if (found.residual.size() == 0) return contents;
  contents.tables.push_back(residual_table(found));
  if (!found.units.empty()) contents.tables.push_back(overlay_table(found, recording));
  if (residual) contents.auxiliary.push_back(residual_signal(found, recording));
  return contents;
}

}  // namespace emg::tools
