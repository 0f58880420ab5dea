#include "libemg/operations_internal.h"
#include "libemg/detect/artefact.h"
#include "libemg/detect/noise.h"
#include "libemg/detect/onset.h"
#include "libemg/detect/quality.h"
#include "libemg/detect/threshold.h"

namespace emg {

std::vector<OperationEntry> detect_operations() {
  return {
      with_stream(operation("noise-level", "noise of each channel, also while the muscle is active", &noise_level), &noise_level_streamed),
      with_stream(operation("detect-spikes", "events above a multiple of the noise level", &detect_spikes), &detect_spikes_streamed),
      with_stream(operation("onsets", "starts and ends of muscle activity", &onsets), &onsets_streamed),
      with_recording(operation("quality", "whether each channel can be used, and why not", &quality), &recording_quality),
      with_stream(operation("artefacts", "rails, flat stretches, steps and spikes that no muscle made", &artefacts), &artefacts_streamed),
  };
}

}  // namespace emg
