#include "libemg/operations_internal.h"
#include "libemg/measure/ncs/average.h"
#include "libemg/measure/ncs/blink.h"
#include "libemg/measure/ncs/h_reflex.h"
#include "libemg/measure/ncs/late_response.h"
#include "libemg/measure/ncs/markers.h"
#include "libemg/measure/ncs/mep.h"
#include "libemg/measure/ncs/repetitive.h"
#include "libemg/measure/ncs/segment.h"
#include "libemg/measure/ncs/stimulus_artefact.h"
#include "libemg/measure/ncs/velocity.h"

namespace emg {

std::vector<OperationEntry> ncs_operations() {
  return {
      operation("stimulus-artefact", "sweeps without the stimulus artefact", &remove_stimulus_artefact),
      operation("average", "mean sweep of each site, without outliers", &average_sweeps),
      operation("average-report", "what went into the mean sweep of each site, its noise and whether the stimulus was supramaximal", &average_report),
      operation("m-wave", "markers of the compound muscle action potential of each sweep", &m_wave),
      operation("snap", "markers of the sensory nerve action potential of each sweep", &snap),
      operation("nerve-velocity", "velocities between the sites of a nerve, terminal indices", &conduction_velocities),
      operation("segment-change", "change of amplitude, area and duration between neighbouring sites", &segment_changes),
      operation("inching", "latency and change of every short step along a nerve", &inching),
      operation("f-waves", "F waves of each site", &f_waves),
      operation("f-wave-sweeps", "F wave of each sweep", &f_wave_sweeps),
      operation("a-waves", "A waves of each site", &a_waves),
      operation("h-reflex", "H reflex and M wave over stimulus intensity", &h_reflex),
      operation("h-reflex-sweeps", "H reflex and M wave of each sweep", &h_reflex_sweeps),
      operation("blink", "R1 and R2 of the blink reflex", &blink_reflex),
      operation("mep", "motor evoked potential of each sweep", &mep),
      operation("silent-period", "silence after the motor evoked potential of each sweep", &silent_period),
      operation("rns", "decrement and increment of trains of repetitive stimulation", &repetitive_stimulation),
  };
}

}  // namespace emg
