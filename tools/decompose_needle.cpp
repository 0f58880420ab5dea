#include "tools/decompose_needle.h"

namespace emg::tools {

NwbContents needle_contents(const NeedleDecomposition& found, const Recording& recording) {
  NwbContents contents;
  contents.units = found.units;
  contents.tables = {to_table("decomposition", "the run as a whole", std::vector{found.summary}),
                     to_table("unit_quality", "how far each unit can be trusted", found.unit_rows),
                     to_table("unit_discharges", "every discharge with its confidence", found.discharges),
                     to_table("unassigned_activity", "stretches that no unit explains", found.unassigned)};
  if (found.residual.size() > 0) {
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
    contents.auxiliary.push_back(std::move(residual));
  }
  return contents;
}

}  // namespace emg::tools
