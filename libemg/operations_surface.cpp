#include "libemg/operations_internal.h"
#include "libemg/measure/surface/co_contraction.h"
#include "libemg/measure/surface/conduction_velocity.h"
#include "libemg/measure/surface/fatigue.h"
#include "libemg/measure/surface/normalise.h"
#include "libemg/measure/surface/window_features.h"

namespace emg {

std::vector<OperationEntry> surface_operations() {
  return {
      operation("window-features", "amplitude, length, counts and other features in short windows", &window_features),
      with_recording(operation("conduction-velocity", "how fast potentials travel along the fibres, from electrodes in a line", &conduction_velocity),
                     &recording_conduction_velocity),
      operation("fatigue", "slopes of amplitude and frequency over time, with confidence limits", &fatigue),
      with_recording(operation("co-contraction", "how much two muscles are active together", &co_contraction), &recording_co_contraction),
      operation("crosstalk", "how much one muscle is heard over another", &crosstalk),
      with_unit(with_per_channel(operation("normalise", "envelopes in percent of a reference", &normalise, &normalise_stage, &resolve_normalise),
                                 {"reference_uv"}),
                &normalised_unit),
      operation("mvc-reference", "reference for normalise from maximal contractions", &mvc_reference),
  };
}

}  // namespace emg
